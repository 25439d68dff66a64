"""What the function reads, tells and keeps, over an account of moto's."""

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from claude_bedrock.records.invocation_records import STREAM
from claude_bedrock.verification.coverage import Coverage, cover, due_span
from claude_bedrock.verification.evidence_bucket import (
    HOURLY,
    AlreadyVerifiedError,
    EvidenceBucket,
    key_of_hour,
)
from claude_bedrock.verification.finding import KINDS
from claude_bedrock.verification.hash_log import HashLog, SealedHash, moment_of
from claude_bedrock.verification.hours import Span
from claude_bedrock.verification.period import BadWindowError
from tests.verification.scenario import GATEWAY_ROLE, OTHER_ROLE, audit_line, record
from verification import handler, scheduled_run, sealing
from verification.chain_position import position
from verification.report import METRICS, TRAIL_METRICS
from verification.scheduled_run import Clock, Work, verify_due_hours

BUCKET = "the-bucket"


class LambdaContext:
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:verifier"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


CONTEXT = LambdaContext()
NOW = datetime.now(UTC)
HOUR = NOW.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
"""The one that is due first: the last whole hour whose records have settled."""
FIRST = HOUR - timedelta(days=20)
ENVIRONMENT = {
    "STAGE": "dev",
    "LOG_GROUP": "/invocations",
    "LOG_BUCKET": BUCKET,
    "LOGGING_CONFIGURATION": json.dumps({"s3Config": {"bucketName": BUCKET}}),
    "AUDIT_LOG_GROUP": "/gateway",
    "EVIDENCE_BUCKET": BUCKET,
    "BOUNDS": json.dumps(
        {
            "region": "eu-central-1",
            "residency": None,
            "geographies": ["eu"],
            "models": ["claude-haiku-4-5"],
        }
    ),
    "ALLOWED_DIRECT_CALLERS": "",
    "GATEWAY_ROLE": GATEWAY_ROLE,
    "CALLER_ROLE": "arn:aws:iam::123456789012:role/caller",
    "ACCESS_LOG_GROUP": "/access",
    "HASH_LOG_GROUP": "/verification",
    "RETENTION_DAYS": "30",
    "SIGNING_KEY": "alias/evidence",
    "ALARM_TOPIC": "arn:aws:sns:eu-central-1:123456789012:the-topic",
    "POWERTOOLS_SERVICE_NAME": "verification",
    "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


class Account:
    """The two accounts of calls, and the bucket."""

    def __init__(self, *, object_lock: bool = False) -> None:
        make: Any = boto3.client
        self.logs, self.s3 = make("logs"), make("s3")
        key = make("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        make("kms").create_alias(
            AliasName=ENVIRONMENT["SIGNING_KEY"], TargetKeyId=key["KeyMetadata"]["KeyId"]
        )
        for group in ("/gateway", "/invocations", "/access", "/verification"):
            self.logs.create_log_group(logGroupName=group)
            self.logs.create_log_stream(logGroupName=group, logStreamName=STREAM)
        self.s3.create_bucket(
            Bucket=BUCKET,
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
            ObjectLockEnabledForBucket=object_lock,
        )

    def called(self, request_id: str, at: datetime) -> None:
        line = json.dumps({"message": "audit", "audit": audit_line(request_id)})
        self._log("/gateway", line, at + timedelta(seconds=1.5))

    def recorded(self, request_id: str, at: datetime, **fields: object) -> None:
        line = json.dumps({**record(request_id, at=at.timestamp()), **fields})
        self._log("/invocations", line, at)
        root = "AWSLogs/123456789012/BedrockModelInvocationLogs/eu-central-1"
        key = f"{root}/{at:%Y/%m/%d/%H}/{request_id}.json.gz"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(line.encode()))

    def _log(self, group: str, message: str, at: datetime) -> None:
        event = {"timestamp": int(at.timestamp() * 1000), "message": message}
        self.logs.put_log_events(logGroupName=group, logStreamName=STREAM, logEvents=[event])

    def entries(self, key: str) -> list[dict[str, Any]]:
        body = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return [json.loads(line) for line in body.splitlines()]

    def evidence(self) -> EvidenceBucket:
        return EvidenceBucket(self.s3, BUCKET)

    def hashes(self) -> HashLog:
        return HashLog(self.logs, "/verification", BUCKET)

    def log_hash(self, sealed: SealedHash) -> None:
        """As Lambda takes it from stdout to the log group, at the time of the test's clock."""
        line = json.dumps({"sealed": sealed._asdict()})
        self._log("/verification", line, moment_of(sealed.until))

    def covered(
        self, now: datetime, *, since: datetime = FIRST, deployed: datetime = FIRST
    ) -> Coverage:
        due = due_span(since, now, now=now, deployed=deployed)
        logged = self.hashes().sealed(since, now)
        files_of = Span(due.since, now)
        return cover(self.evidence(), due, files_of=files_of, now=now, logged=logged)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        made = Account()
        monkeypatch.setattr(sealing, "log_hash", made.log_hash)
        yield made


def run_at(now: datetime, **changes: str) -> list[Mapping[str, Any]]:
    return list(verify_due_hours(work(**changes), Clock(now, lambda: 900_000)))


def work(**changes: str) -> Work:
    return handler._work({**ENVIRONMENT, **changes}, CONTEXT.invoked_function_arn)


def files(account: Account) -> list[str]:
    return sorted(account.evidence().listed(HOURLY))


def metrics(printed: str) -> Mapping[str, float]:
    """Of one run: of each metric one value, in whichever line."""
    lines = [
        json.loads(line) for line in printed.splitlines() if line.startswith("{") and "_aws" in line
    ]
    written = [
        (metric["Name"], line[metric["Name"]][0])
        for line in lines
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    ]
    assert {(line["service"], line["stage"]) for line in lines} == {("verification", "dev")}
    assert len(dict(written)) == len(written)
    return dict(written)


def test_an_hour_is_verified_reported_and_stored(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    at = HOUR + timedelta(minutes=30)
    for request_id in ("kept", "lost"):
        account.called(request_id, at)
    account.recorded("kept", at)
    account.recorded("round", at, requestMetadata={}, identity={"arn": OTHER_ROLE})

    (outcome,) = run_at(NOW)

    assert (outcome["counts"]["matched"], outcome["counts"]["not_logged"]) == (1, 1)
    run, *findings, end = account.entries(key_of_hour(HOUR))
    assert (run["by"], run["since"]) == (CONTEXT.invoked_function_arn, f"{HOUR:%Y-%m-%dT%H}:00:00Z")
    assert [
        (finding["finding"]["kind"], finding["finding"]["request_id"]) for finding in findings
    ] == [
        ("missing_record", "lost"),
        ("bypassed_gateway", "round"),
    ]
    assert end["kind"] == "end"
    printed = capsys.readouterr().out
    assert metrics(printed) == {
        "VerifiedHours": 1,
        "UnverifiedHours": 0,
        "EvidenceChanged": 0,
        "InvocationRecordMissing": 1,
        "GatewayBypassed": 1,
        "PromptOrCompletionMissing": 0,
        "CallerMismatch": 0,
        "DataResidencyViolation": 0,
        "AuditEntryLost": 0,
        "ModelMismatch": 0,
        "IdentityMismatch": 0,
        "SessionMismatch": 0,
        "ContentMismatch": 0,
        "UnreadableRecord": 0,
    }
    assert "secret" not in printed


def test_without_an_endpoint_records_are_compared_with_each_other(account: Account) -> None:
    at = HOUR + timedelta(minutes=30)
    account.recorded("both", at, requestMetadata={}, identity={"arn": OTHER_ROLE})
    account.called("of an endpoint that is gone", at)
    line = json.dumps({**record("one", at=at.timestamp()), "identity": {"arn": OTHER_ROLE}})
    account._log("/invocations", line, at)
    gone = ("AUDIT_LOG_GROUP", "ACCESS_LOG_GROUP", "GATEWAY_ROLE", "CALLER_ROLE")

    run_at(NOW, **dict.fromkeys(gone, ""), ALLOWED_DIRECT_CALLERS="")

    run, finding, _ = account.entries(key_of_hour(HOUR))
    assert (run["gateway_role"], run["counts"]["matched"], run["counts"]["calls"]) == ("", 1, 2)
    assert finding["finding"]["kind"] == "missing_record"
    assert finding["finding"]["detail"] == "no record in S3"
    assert list(run["direct_calls"].values()) == [2]


def test_the_clock_goes_on_where_the_evidence_ends(account: Account) -> None:
    run_at(NOW - timedelta(hours=2))

    outcome = handler.handle({}, CONTEXT)

    assert outcome[0]["since"] == f"{HOUR - timedelta(hours=1):%Y-%m-%dT%H}:00:00Z"
    assert len(files(account)) == 1 + len(outcome)
    assert account.covered(NOW, since=HOUR - timedelta(hours=2)).holds


def test_calls_by_the_allowed_direct_callers_are_summed_in_the_evidence(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    at = HOUR + timedelta(minutes=30)
    account.recorded("round", at, requestMetadata={}, identity={"arn": OTHER_ROLE})
    others = "arn:aws:iam::123456789012:role/teams/somebody"

    run_at(NOW, ALLOWED_DIRECT_CALLERS=others)

    assert metrics(capsys.readouterr().out)["GatewayBypassed"] == 0
    (run, _end) = account.entries(key_of_hour(HOUR))
    assert run["counts"]["allowed_direct_calls"] == 1
    assert run["direct_calls"] == {"arn:aws:iam::123456789012:role/somebody": 1}


def test_missed_hours_are_made_up_for_in_one_chain(account: Account) -> None:
    run_at(NOW)
    later = run_at(NOW + timedelta(hours=3))

    assert [item["since"] for item in later] == [
        f"{HOUR + timedelta(hours=hours):%Y-%m-%dT%H}:00:00Z" for hours in (1, 2, 3)
    ]
    last = account.entries(key_of_hour(HOUR + timedelta(hours=3)))[-1]["sha256"]
    covered = account.covered(HOUR + timedelta(hours=6, minutes=20), since=HOUR)
    assert (covered.hours, covered.hours_verified, covered.sha256) == (4, 4, last)
    assert (covered.holds, len(covered.files)) == (True, 4)


@pytest.mark.usefixtures("account")
def test_the_table_of_budgets_is_read_where_a_stage_has_one() -> None:
    make: Any = boto3.client
    dynamodb = make("dynamodb")
    dynamodb.create_table(
        TableName="budgets",
        KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "subject", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"subject": {"S": "stage"}, "usd#day#2026-11-30": {"N": "5"}}
    dynamodb.put_item(TableName="budgets", Item=item)

    of_stage = work(BUDGETS_TABLE="budgets")
    assert of_stage.budgets is not None
    assert (of_stage.budgets(), of_stage.stage.has_budgets) == ({"stage": item}, True)
    assert (work().budgets, work().stage.has_budgets) == (None, False)


def test_of_two_runs_at_once_one_writes(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    before = position(account.evidence(), account.hashes(), NOW, 30)
    run_at(NOW)
    monkeypatch.setattr(scheduled_run, "position", lambda *_: before)

    assert run_at(NOW) == []
    with pytest.raises(AlreadyVerifiedError):
        account.evidence().write(key_of_hour(HOUR), [{"kind": "run"}], before.sha256)
    assert len(files(account)) == 1


def test_a_window_that_is_requested_is_answered_and_stored_beside_the_chain(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    at = NOW - timedelta(minutes=10)
    account.called("lost", at)

    (outcome,) = handler.handle({"hours": 1, "delay_minutes": 0}, CONTEXT)

    assert [finding["request_id"] for finding in outcome["findings"]] == ["lost"]
    assert (
        account.entries(outcome["evidence"]["key"])[-1]["sha256"] == outcome["evidence"]["sha256"]
    )
    assert files(account) == []
    assert "_aws" not in capsys.readouterr().out
    with pytest.raises(BadWindowError, match="Invalid time 'yesterday'"):
        handler.handle({"since": "yesterday"}, CONTEXT)


def test_each_kind_of_finding_has_a_metric_that_an_alarm_can_watch() -> None:
    assert {*METRICS, *TRAIL_METRICS, "evidence_changed"} == set(KINDS), (
        "give it a metric in lambda/verification/report.py, and an alarm: see CONTRIBUTING.md"
    )
