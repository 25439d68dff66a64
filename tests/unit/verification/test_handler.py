"""What the function reads, tells and keeps, over an account of moto's."""

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from reconciliation import chain
from records.invocation_records import STREAM
from tests.unit.reconciliation.world import GATEWAY_ROLE, SOMEBODY, audit_line, record
from verification import handler
from verification.evidence import (
    HOURLY,
    AlreadyVerifiedError,
    BrokenEvidenceError,
    EvidenceBucket,
    key_of_hour,
)
from verification.handler import Context, Work, by_the_clock
from verification.period import BadWindowError

BUCKET = "the-bucket"
CONTEXT = Context("arn:aws:lambda:eu-central-1:123456789012:function:verifier")
NOW = datetime.now(UTC)
HOUR = NOW.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
"""The one that is due first: the last whole hour whose records have settled."""
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
            "routes": ["eu"],
            "models": ["claude-haiku-4-5"],
        }
    ),
    "OTHER_CALLERS": "",
    "GATEWAY_ROLE": GATEWAY_ROLE,
    "ACCESS_LOG_GROUP": "/access",
    "POWERTOOLS_SERVICE_NAME": "verification",
    "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


class Account:
    """The two accounts of calls, and the bucket."""

    def __init__(self) -> None:
        make: Any = boto3.client
        self.logs, self.s3 = make("logs"), make("s3")
        for group in ("/gateway", "/invocations", "/access"):
            self.logs.create_log_group(logGroupName=group)
            self.logs.create_log_stream(logGroupName=group, logStreamName=STREAM)
        self.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
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


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield Account()


def work(**changes: str) -> Work:
    return handler._work({**ENVIRONMENT, **changes}, CONTEXT.invoked_function_arn)


def files(account: Account) -> int:
    held = account.evidence().check()
    return held.files if held else 0


def metrics(printed: str) -> Mapping[str, float]:
    (line,) = [
        json.loads(line) for line in printed.splitlines() if line.startswith("{") and "_aws" in line
    ]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (line["service"], line["stage"]) == ("verification", "dev")
    return {each["Name"]: line[each["Name"]][0] for each in directive["Metrics"]}


def test_an_hour_is_verified_told_and_kept(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    at = HOUR + timedelta(minutes=30)
    for request_id in ("kept", "lost"):
        account.called(request_id, at)
    account.recorded("kept", at)
    account.recorded("round", at, requestMetadata={}, identity={"arn": SOMEBODY})

    (told,) = by_the_clock(work(), NOW)

    assert (told["counts"]["matched"], told["counts"]["not_logged"]) == (1, 1)
    run, *findings, end = account.entries(key_of_hour(HOUR))
    assert (run["by"], run["since"]) == (CONTEXT.invoked_function_arn, f"{HOUR:%Y-%m-%dT%H}:00:00Z")
    assert [(each["finding"]["kind"], each["finding"]["request_id"]) for each in findings] == [
        ("called, not logged", "lost"),
        ("logged, not called", "round"),
    ]
    assert end["kind"] == "end"
    printed = capsys.readouterr().out
    assert metrics(printed) == {
        "VerifiedHours": 1,
        "CalledNotLogged": 1,
        "LoggedNotCalled": 1,
        "BodyMissing": 0,
        "CallerDiffers": 0,
        "OutsideTheResidency": 0,
        "AuditEntryLost": 0,
        "ModelMismatch": 0,
        "IdentityMismatch": 0,
        "ContentMismatch": 0,
        "UnreadableRecord": 0,
    }
    assert "secret" not in printed


def test_the_clock_goes_on_where_the_evidence_ends(account: Account) -> None:
    list(by_the_clock(work(), NOW - timedelta(hours=2)))

    told = handler.handle({}, CONTEXT)

    assert told[0]["since"] == f"{HOUR - timedelta(hours=1):%Y-%m-%dT%H}:00:00Z"
    held = account.evidence().check()
    assert held is not None
    assert (held.files, held.until) == (1 + len(told), told[-1]["until"])


def test_calls_by_the_allowed_direct_callers_are_summed_in_the_evidence(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    at = HOUR + timedelta(minutes=30)
    account.recorded("round", at, requestMetadata={}, identity={"arn": SOMEBODY})
    others = "arn:aws:iam::123456789012:role/teams/somebody"

    list(by_the_clock(work(OTHER_CALLERS=others), NOW))

    assert metrics(capsys.readouterr().out)["LoggedNotCalled"] == 0
    (run, _end) = account.entries(key_of_hour(HOUR))
    assert run["counts"]["allowed_direct_calls"] == 1
    assert run["direct_calls"] == {"arn:aws:iam::123456789012:role/somebody": 1}


def test_missed_hours_are_made_up_for_in_one_chain(account: Account) -> None:
    list(by_the_clock(work(), NOW))
    later = list(by_the_clock(work(), NOW + timedelta(hours=3)))

    assert [each["since"] for each in later] == [
        f"{HOUR + timedelta(hours=hours):%Y-%m-%dT%H}:00:00Z" for hours in (1, 2, 3)
    ]
    last = account.entries(key_of_hour(HOUR + timedelta(hours=3)))[-1]["sha256"]
    since, until = (f"{HOUR + timedelta(hours=each):%Y-%m-%dT%H}:00:00Z" for each in (0, 4))
    assert account.evidence().check() == (4, since, until, last)
    assert account.evidence().check(HOUR + timedelta(hours=4)) is None
    later_on = account.evidence().check(HOUR + timedelta(hours=3))
    assert later_on == (1, f"{HOUR + timedelta(hours=3):%Y-%m-%dT%H}:00:00Z", until, last)


def test_a_chain_that_holds_and_leaves_time_out_is_broken(account: Account) -> None:
    list(by_the_clock(work(), NOW))
    later, previous = HOUR + timedelta(hours=2), account.evidence().last(NOW).sha256
    since = f"{later:%Y-%m-%dT%H}:00:00Z"
    entry = {"kind": "run", "since": since, "until": since}
    account.evidence().write(key_of_hour(later), [entry], previous)

    with pytest.raises(BrokenEvidenceError, match=f"begins at {since}, and not at"):
        account.evidence().check()


def test_a_file_of_no_run_is_no_evidence(account: Account) -> None:
    account.evidence().write(key_of_hour(HOUR), [], chain.BEGINNING)

    with pytest.raises(BrokenEvidenceError, match="is not of a run"):
        account.evidence().last(NOW)


def test_of_two_runs_at_once_one_writes(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = account.evidence().last(NOW)
    list(by_the_clock(work(), NOW))
    monkeypatch.setattr(EvidenceBucket, "last", lambda _self, _now: stale)

    assert list(by_the_clock(work(), NOW)) == []
    with pytest.raises(AlreadyVerifiedError):
        account.evidence().write(key_of_hour(HOUR), [{"kind": "run"}], stale.sha256)
    assert files(account) == 1


def test_a_byte_that_was_changed_breaks_the_chain_and_stops_the_clock(account: Account) -> None:
    list(by_the_clock(work(), NOW))
    key = key_of_hour(HOUR)
    body = account.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    account.s3.put_object(Bucket=BUCKET, Key=key, Body=body.replace(b'"calls":0', b'"calls":1'))

    for broken in (account.evidence().check, lambda: account.evidence().last(NOW)):
        with pytest.raises(BrokenEvidenceError, match="entry 1: it is not what was written"):
            broken()
    assert key.startswith(HOURLY)


def test_an_hour_that_was_taken_away_breaks_the_chain(account: Account) -> None:
    list(by_the_clock(work(), NOW))
    list(by_the_clock(work(), NOW + timedelta(hours=2)))
    account.s3.delete_object(Bucket=BUCKET, Key=key_of_hour(HOUR + timedelta(hours=1)))

    with pytest.raises(BrokenEvidenceError, match="does not follow the entry before it"):
        account.evidence().check()


def test_evidence_whose_time_is_over_leaves_the_rest_whole(account: Account) -> None:
    list(by_the_clock(work(), NOW))
    list(by_the_clock(work(), NOW + timedelta(hours=1)))
    account.s3.delete_object(Bucket=BUCKET, Key=key_of_hour(HOUR))

    assert files(account) == 1


def test_a_window_that_is_asked_for_is_answered_and_kept_beside_the_chain(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    at = NOW - timedelta(minutes=10)
    account.called("lost", at)

    (told,) = handler.handle({"hours": 1, "delay_minutes": 0}, CONTEXT)

    assert [each["request_id"] for each in told["findings"]] == ["lost"]
    assert account.entries(told["evidence"]["key"])[-1]["sha256"] == told["evidence"]["sha256"]
    assert account.evidence().check() is None
    assert "_aws" not in capsys.readouterr().out
    with pytest.raises(BadWindowError, match="'yesterday' is no time"):
        handler.handle({"since": "yesterday"}, CONTEXT)
