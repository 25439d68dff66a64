"""What a run of `verify` reads of an account, how far, and what it refuses to pass over."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from rich.console import Console
from typer.testing import CliRunner

from claude_bedrock.cli.main import app
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.record_sources import records_of
from claude_bedrock.cli.shared.writable import NotWritableError
from claude_bedrock.cli.verify import command, verification
from claude_bedrock.cli.verify.evidence_folder import (
    BrokenEvidenceError,
    Evidence,
    Written,
    checked,
)
from claude_bedrock.cli.verify.verification import Report
from claude_bedrock.records.invocation_records import STREAM
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.verification.assessment import Assessment
from claude_bedrock.verification.evidence_bucket import EvidenceBucket, key_of_hour
from claude_bedrock.verification.finding import Counts, Finding, Outcome
from claude_bedrock.verification.hours import HOUR, iso, start_of_hour
from claude_bedrock.verification.late_deliveries import LATE
from claude_bedrock.verification.period import BadWindowError, period
from tests.verification.scenario import GATEWAY_ROLE, OTHER_ROLE, audit_line, record

NOW = datetime.now(UTC).replace(microsecond=0)
DEPLOYMENT = Deployment("dev", "eu-central-1", None)
GROUPS = {"gateway": "/gateway", "invocations": "/invocations", "access": "/access"}
BUCKET = "the-bucket"
SETTINGS = {
    "region": "eu-central-1",
    "geographies": ["eu"],
    "residency": None,
    "retention_days": 30,
    "models": ["claude-haiku-4-5"],
    "github": False,
}
OUTPUTS = {
    "ModelAccess": {"Settings": json.dumps(SETTINGS)},
    "Gateway": {
        "FunctionLogGroupName": GROUPS["gateway"],
        "AccessLogGroupName": GROUPS["access"],
        "FunctionRoleArn": GATEWAY_ROLE,
    },
    "InvocationLogging": {"LogGroupName": GROUPS["invocations"], "LogBucketName": BUCKET},
}


@cache
def client(service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
    """One for all tests: moto keeps what it is told for each test, whatever client tells it."""
    make: Any = boto3.Session(region_name=DEPLOYMENT.region).client
    return make(service)


class Account:
    """A deployed stage, as far as it is read, and what it writes."""

    def __init__(self) -> None:
        self.logs, self.s3 = client("logs"), client("s3")
        for group in GROUPS.values():
            self.logs.create_log_group(logGroupName=group)
            self.logs.create_log_stream(logGroupName=group, logStreamName=STREAM)
        self.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": DEPLOYMENT.region}
        )
        self.cloudformation = client("cloudformation")
        for stack, outputs in OUTPUTS.items():
            template = {
                "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
                "Outputs": {name: {"Value": value} for name, value in outputs.items()},
            }
            self.cloudformation.create_stack(
                StackName=DEPLOYMENT.stack(stack), TemplateBody=json.dumps(template)
            )

    def allow(self, caller: str) -> None:
        """As a stage whose `allowed_direct_callers` has one."""
        outputs = {
            "Settings": {"Value": json.dumps({**SETTINGS, "allowed_direct_callers": [caller]})}
        }
        template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
        self.cloudformation.update_stack(
            StackName=DEPLOYMENT.stack("ModelAccess"), TemplateBody=json.dumps(template)
        )

    def seals_hours(self) -> None:
        """As a stage with evidence in its bucket."""
        outputs = {**OUTPUTS["InvocationLogging"], "EvidenceBucketName": BUCKET}
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        self.cloudformation.update_stack(
            StackName=DEPLOYMENT.stack("InvocationLogging"), TemplateBody=json.dumps(template)
        )

    def log(self, group: str, *messages: str, at: datetime = NOW) -> None:
        events = [
            {"timestamp": int(at.timestamp() * 1000), "message": message} for message in messages
        ]
        self.logs.put_log_events(logGroupName=GROUPS[group], logStreamName=STREAM, logEvents=events)

    def store(self, name: str, content: bytes, at: datetime = NOW) -> None:
        root = f"AWSLogs/123456789012/BedrockModelInvocationLogs/{DEPLOYMENT.region}"
        self.s3.put_object(Bucket=BUCKET, Key=f"{root}/{at:%Y/%m/%d/%H}/{name}", Body=content)

    def called(self, request_id: str, at: datetime = NOW) -> None:
        line = {"message": "audit", "audit": audit_line(request_id)}
        self.log("gateway", json.dumps(line), at=at + timedelta(seconds=1.5))

    def recorded(self, request_id: str, at: datetime, **fields: object) -> None:
        """In both destinations, with the hour of delivery a later one."""
        line = json.dumps({**record(request_id, at=at.timestamp()), **fields})
        self.log("invocations", line, at=min(at + timedelta(minutes=59), NOW))
        self.store(f"{request_id}.json.gz", gz(line), at=min(at + timedelta(minutes=59), NOW))


def gz(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)  # a test is named by it


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield Account()


def run(folder: Path, *, hours: int = 3, until: datetime = NOW, now: datetime = NOW) -> Report:
    window = period(None, hours, until.isoformat(), 60, now)
    return verification.run(DEPLOYMENT, window, Evidence(folder, "dev", DEPLOYMENT.region))


def test_lines_that_are_no_audit_lines_and_objects_that_are_no_records_are_passed_over(
    account: Account, tmp_path: Path
) -> None:
    at = NOW - timedelta(hours=2)
    account.log("gateway", "START RequestId", '{"message": "audit"}', '["audit"]', at=at)
    account.log("invocations", "Permissions are correctly set for Amazon Bedrock logs.", at=at)
    account.store("amazon-bedrock-logs-permission-check", b"", at)
    account.store("amazon-bedrock-logs-permission-check-2", b"not empty", at)
    account.store("data/r1_input.json.gz", b"raw", at)
    account.called("r1", at)
    account.recorded("r1", at)

    report = run(tmp_path)

    assert report.outcome.findings == []
    assert report.outcome.counts.matched == 1
    assert {name: value["count"] for name, value in report.about["read"].items()} == {
        "audit lines": 1,
        "S3": 1,
        "CloudWatch Logs": 2,
    }


def test_both_sides_are_read_beyond_the_window(account: Account, tmp_path: Path) -> None:
    """Each call's line or record lies outside the window that it belongs to."""
    until = NOW - timedelta(hours=2)
    since = until - timedelta(hours=1)
    account.called("last", until - timedelta(seconds=1))
    account.recorded("last", until - timedelta(seconds=1))
    account.called("just before", since - timedelta(seconds=1))
    account.recorded("just before", since)
    account.recorded("went round", until - timedelta(seconds=1), identity={"arn": OTHER_ROLE})
    account.called("lost after", until + timedelta(seconds=1))

    report = run(tmp_path, hours=1, until=until)

    assert [(finding.kind, finding.request_id) for finding in report.outcome.findings] == [
        ("bypassed_gateway", "went round")
    ]
    assert report.outcome.counts.matched == 1


def test_a_referred_object_is_fetched(account: Account, tmp_path: Path) -> None:
    at = NOW - timedelta(hours=2)
    account.s3.put_object(Bucket=BUCKET, Key="data/there", Body=b"x")
    for name in ("there", "gone"):
        account.called(name, at)
        side = {"inputBodyS3Path": f"s3://{BUCKET}/data/{name}"}
        account.recorded(name, at, input=side)

    (finding,) = run(tmp_path).outcome.findings

    assert (finding.kind, finding.request_id) == ("body_missing", "gone")


@pytest.mark.parametrize(
    ("content", "fault", "where"),
    [
        (gz("no JSON"), "it is no JSON object", ", line 1"),
        (gz(json.dumps(record("r1")) + "\n[1]"), "it is no JSON object", ", line 2"),
        (gz("[" * 100_000), "it is no JSON object", ", line 1"),
        (gz("{}"), "requestId is missing", ", line 1"),
        (gz(json.dumps(record("r1")))[:-9], "the object is no whole gzip file", ""),
        (b"no gzip", "the object is no whole gzip file", ""),
        (gz("x" * 99)[:12] + b"\0\0\0\0\0\0\0\0\0", "the object is no whole gzip file", ""),
    ],
    ids=["text", "list", "deep", "empty", "cut", "no gzip", "damaged"],
)
def test_what_cannot_be_read_in_s3_is_a_finding_and_reading_goes_on(
    account: Account, tmp_path: Path, content: bytes, fault: str, where: str
) -> None:
    at = NOW - timedelta(hours=2)
    account.store("0.json.gz", content)
    account.called("r2", at)
    account.recorded("r2", at)

    outcome = run(tmp_path).outcome

    (finding,) = [finding for finding in outcome.findings if finding.kind == "unreadable_record"]
    assert finding.detail == f"the record in S3 cannot be read: {fault}"
    assert finding.source.startswith(f"s3://{BUCKET}/AWSLogs/")
    assert finding.source.endswith(f"/0.json.gz{where}")
    assert (outcome.counts.unreadable, outcome.counts.matched) == (1, 1)


@pytest.mark.parametrize(
    ("group", "message", "fault"),
    [
        (
            "invocations",
            "no JSON",
            "the record in CloudWatch Logs cannot be read: it is no JSON object",
        ),
        (
            "invocations",
            '{"cut',
            "the record in CloudWatch Logs cannot be read: it is no JSON object",
        ),
        ("invocations", "{}", "the record in CloudWatch Logs cannot be read: requestId is missing"),
        (
            "gateway",
            '{"message":"audit","audit":{"gate',
            "the audit entry cannot be read: it is no JSON object",
        ),
        ("gateway", '{"audit": "a word"}', "the audit entry cannot be read: it is no JSON object"),
        (
            "gateway",
            json.dumps({"audit": {**audit_line("r9"), "duration_ms": "long"}}),
            "the audit entry cannot be read: duration_ms is not a number",
        ),
        (
            "gateway",
            json.dumps({"audit": {**audit_line("r9"), "earlier_attempts": [7]}}),
            "the audit entry cannot be read: earlier_attempts is not a list of objects",
        ),
        (
            "gateway",
            json.dumps({"audit": {**audit_line("r9"), "earlier_attempts": [{}]}}),
            "the audit entry cannot be read: model_id is missing",
        ),
    ],
)
def test_what_cannot_be_read_in_cloudwatch_is_a_finding_with_its_event(
    account: Account, tmp_path: Path, group: str, message: str, fault: str
) -> None:
    at = NOW - timedelta(hours=2)
    account.log(group, message, at=at)
    account.called("r2", at)
    account.recorded("r2", at)

    outcome = run(tmp_path).outcome

    (finding,) = outcome.findings
    assert (finding.kind, finding.detail) == ("unreadable_record", fault)
    assert re.fullmatch(rf"log group {GROUPS[group]}, event \S+", finding.source)
    assert (outcome.counts.unreadable, outcome.counts.matched) == (1, 1)


@pytest.mark.usefixtures("account")
def test_what_a_second_check_has_sealed_fails_a_window_that_is_empty_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = (NOW - timedelta(hours=2)).isoformat()
    finding = Finding("evidence_changed", "r1", at, "", "", "gone", "event 1")
    monkeypatch.setattr(verification, "changes_of", lambda *_: [finding])

    report = run(tmp_path)

    assert (report.assessment.verdict, report.outcome.findings) == ("fail", [finding])
    assert finding.id in report.evidence.file.read_text()


def test_what_came_late_by_the_evidence_is_read(account: Account, tmp_path: Path) -> None:
    at, came = NOW - timedelta(hours=11), NOW - timedelta(hours=5)
    account.recorded("r1", came, timestamp=record("r1", at=at.timestamp())["timestamp"])
    account.seals_hours()
    since = start_of_hour(came + timedelta(minutes=59))
    entry = {"kind": "run", "since": iso(since), "until": iso(since + HOUR)}
    counted = {**entry, LATE: {iso(start_of_hour(at)): 2}}

    assert run(tmp_path, until=at + HOUR).outcome.findings == []
    EvidenceBucket(account.s3, BUCKET).write(key_of_hour(since), [counted], "0" * 64)

    (finding,) = run(tmp_path, until=at + HOUR).outcome.findings
    assert (finding.kind, finding.request_id) == ("audit_entry_lost", "r1")


def test_a_destination_that_refuses_is_no_clean_run(account: Account, tmp_path: Path) -> None:
    account.logs.delete_log_group(logGroupName=GROUPS["invocations"])

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        run(tmp_path)


def test_the_fingerprint_distinguishes_other_records(account: Account) -> None:
    records = records_of(DEPLOYMENT)

    def fingerprint() -> dict[str, object]:
        read = Fingerprint()
        list(records.all_in_s3(NOW, NOW, read))
        return read.as_data()

    account.store("1.json.gz", gz(json.dumps(record("r1"))))
    first = fingerprint()
    assert fingerprint() == first
    account.store("1.json.gz", gz(json.dumps(record("r2"))))
    assert fingerprint()["sha256"] != first["sha256"]


def test_a_run_begins_where_the_last_one_ended(account: Account, tmp_path: Path) -> None:
    account.called("lost", NOW - timedelta(hours=2))
    first, second = (run(tmp_path, now=NOW + timedelta(seconds=seconds)) for seconds in (0, 1))

    assert first.evidence.file != second.evidence.file
    assert checked([first.evidence.file, second.evidence.file]) == second.evidence.sha256


def test_a_broken_chain_is_not_continued(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path, "dev", "us-east-1")
    written = evidence.write(NOW, [{"kind": "run"}], evidence.last_hash())
    assert evidence.last_hash() == written.sha256
    assert Evidence(tmp_path, "dev", "us-east-2").last_hash() == "0" * 64
    written.file.write_bytes(written.file.read_bytes()[:-1])

    with pytest.raises(BrokenEvidenceError, match=r"jsonl, entry 2: it is not what was written"):
        evidence.last_hash()


def test_evidence_is_never_overwritten(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path, "dev", "us-east-1")
    first = evidence.write(NOW, [], evidence.last_hash())
    before = first.file.read_bytes()

    again = evidence.write(NOW, [{"kind": "run"}], evidence.last_hash())

    assert (again.is_saved, first.file.read_bytes()) == (False, before)
    assert again.error.endswith("cannot be written: File exists")


def test_a_folder_that_cannot_be_written_is_reported_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(NotWritableError, match="Name another"):
        Evidence(tmp_path / "file" / "below", "dev", "us-east-1").last_hash()


def test_no_evidence_is_stored_where_none_is_requested(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path / "none", "dev", "us-east-1", saves=False)

    written = evidence.write(NOW, [{"kind": "run"}], evidence.last_hash())

    assert (written.is_saved, written.error, list(tmp_path.iterdir())) == (False, "", [])


def test_a_window_is_of_utc_and_a_day_long_by_default() -> None:
    window = period(None, None, "2026-01-02T00:00:00", 5, NOW)
    assert (window.since.isoformat(), window.delay) == (
        "2026-01-01T00:00:00+00:00",
        timedelta(minutes=5),
    )
    assert period("2026-01-01T02:00:00+02:00", None, "2026-01-02", 5, NOW)[:2] == window[:2]
    assert period(None, None, None, 60, NOW).until == NOW


@pytest.mark.parametrize(
    ("since", "hours", "until", "error"),
    [
        ("2026-01-01", 3, None, "cannot be combined"),
        ("yesterday", None, None, "Invalid time 'yesterday'"),
        ("2026-01-02", None, "2026-01-01", "before it starts"),
    ],
)
def test_times_that_make_no_window(
    since: str | None, hours: int | None, until: str | None, error: str
) -> None:
    with pytest.raises(BadWindowError, match=error):
        period(since, hours, until, 60, NOW)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "Local mode is not running in"),
        (("--since", "yesterday"), "Invalid time 'yesterday'"),
        (("--month", "2026-11", "--hours", "3"), "--month cannot be combined with"),
        (("--month", "2026-13"), "Invalid month '2026-13'. Use YYYY-MM"),
    ],
)
def test_what_could_not_be_read_ends_with_two(
    tmp_path: Path, arguments: tuple[str, ...], error: str
) -> None:
    folders = ("--local-dir", str(tmp_path), "--evidence", str(tmp_path))
    result = CliRunner().invoke(app, ["verify", *arguments, *folders])

    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.startswith(f"claude-bedrock: {error}")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "Local mode is not running in"),
        (("a.jsonl", "--objects"), "FOLDER or FILES cannot be combined with"),
        (("a.jsonl", "--since", "2026-01-01"), "FOLDER or FILES cannot be combined with"),
        (("nowhere.jsonl",), "nowhere.jsonl cannot be read"),
    ],
)
def test_evidence_that_cannot_be_checked_ends_with_two(
    tmp_path: Path, arguments: tuple[str, ...], error: str
) -> None:
    command = ["evidence", "verify", *arguments, "--local-dir", str(tmp_path)]
    result = CliRunner().invoke(app, command)

    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.startswith(f"claude-bedrock: {error}")


def test_the_command_shows_findings_and_ends_with_one(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    account.called("lost-call", NOW - timedelta(hours=2))
    arguments = ["verify", "--stage", "dev", "--region", DEPLOYMENT.region]
    arguments += ["--evidence", str(tmp_path)]

    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert all(name in result.stdout for name in ("missing_record", "lost-call", "search.nightly"))
    as_json = CliRunner().invoke(app, [*arguments, "--json"])
    assert (as_json.exit_code, json.loads(as_json.stdout)["counts"]["not_logged"]) == (1, 1)
    clean = CliRunner().invoke(app, [*arguments, "--hours", "1"])
    assert (clean.exit_code, "No call was made in" in clean.stdout) == (0, True)
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    complete = CliRunner().invoke(app, ["evidence", "verify", *files])
    assert (complete.exit_code, complete.stdout.startswith("3 files hold")) == (0, True)
    assert CliRunner().invoke(app, ["evidence", "verify", *reversed(files)]).exit_code == 1


def verify_output(tmp_path: Path, *more: str) -> tuple[int, str]:
    arguments = ["verify", "--stage", "dev", "--region", DEPLOYMENT.region, *more]
    result = CliRunner().invoke(app, [*arguments, "--evidence", str(tmp_path)])
    return result.exit_code, " ".join(result.stdout.split())


def test_what_cannot_be_known_is_neither_clean_nor_a_finding(
    account: Account, tmp_path: Path
) -> None:
    line = {"message": "audit", "audit": audit_line("r1", "answer lost, not logged")}
    account.log("gateway", json.dumps(line), at=NOW - timedelta(hours=2))

    code, text = verify_output(tmp_path)

    assert code == 2
    assert "0 of 1 call of" in text
    assert "of 1 it cannot be known." in text
    assert "very call" not in text
    assert '"verdict": "not assessed"' in verify_output(tmp_path, "--json")[1]


def test_a_client_that_disconnected_and_a_call_on_record_are_every_call(
    account: Account, tmp_path: Path
) -> None:
    at = NOW - timedelta(hours=2)
    account.called("r1", at)
    account.recorded("r1", at)
    disconnected = {**audit_line("r2"), "outcome": "caller_gone", "upstream_complete": False}
    account.log("gateway", json.dumps({"message": "audit", "audit": disconnected}), at=at)
    account.recorded("r2", at, output={})

    code, text = verify_output(tmp_path)

    assert code == 0
    assert "Every call of" in text


def test_the_terminal_shows_fifty_findings_and_their_number(
    account: Account, tmp_path: Path
) -> None:
    for number in range(60):
        account.called(f"lost-{number}", NOW - timedelta(hours=2))

    code, text = verify_output(tmp_path)

    assert (code, text.count("missing_record")) == (1, 50)
    assert "And 10 more: in the evidence, and with --json." in text
    (evidence,) = tmp_path.iterdir()
    assert evidence.read_text().count('"kind":"finding"') == 60


def test_allowed_direct_calls_are_summed_in_the_terminal(account: Account, tmp_path: Path) -> None:
    role = "arn:aws:iam::123456789012:role/teams/somebody"
    account.allow(role)
    at = NOW - timedelta(hours=2)
    for request_id in ("d1", "d2"):
        account.recorded(request_id, at, identity={"arn": OTHER_ROLE}, requestMetadata=None)

    code, text = verify_output(tmp_path)

    assert code == 0
    assert "2 by arn:aws:iam::123456789012:role/somebody" in text
    assert "No call was made through the gateway in" in text


def test_without_an_endpoint_the_counts_are_those_of_records() -> None:
    outcome = Outcome(Counts(calls=2, matched=2, allowed_direct_calls=2), [], {OTHER_ROLE: 2})
    about = {"stage": "dev", "region": "eu-central-1", "since": "a", "until": "b"}
    written = Written(Path("x"), "0" * 64)
    report = Report(about, outcome, written, Assessment("pass", "So."), has_gateway=False)
    console = Console(width=120, record=True, file=StringIO())

    console.print(command._rendered(report))

    text = console.export_text()
    assert "recorded calls" in text
    assert "of direct callers" in text
    assert "gateway" not in text


def test_a_stage_with_a_trail_shows_what_cloudtrail_has() -> None:
    trail = {"due": 4, "witnessed": 3, "unwitnessed": 1}
    about = {"stage": "dev", "region": "r", "since": "a", "until": "b", "trail": trail}
    outcome = Outcome(Counts(calls=4, matched=4), [])
    report = Report(about, outcome, Written(Path("x"), "0" * 64), Assessment("pass", "So."))
    console = Console(width=120, record=True, file=StringIO())

    console.print(command._rendered(report))

    lines = [line.split(maxsplit=1) for line in console.export_text().splitlines()]
    assert ["3", "have an event"] in [[part.strip() for part in line] for line in lines]
    assert ["1", "lack an event"] in [[part.strip() for part in line] for line in lines]


def test_a_window_that_has_begun_ends_now_at_the_latest() -> None:
    since, until = NOW - timedelta(hours=12), NOW + timedelta(hours=12)

    window = period(since.isoformat(), None, until.isoformat(), 60, NOW)

    assert (window.since, window.until) == (since, NOW)
    later = period(until.isoformat(), None, (until + timedelta(hours=1)).isoformat(), 60, NOW)
    assert later.since == until
