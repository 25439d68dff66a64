"""`claude-bedrock verify` over a window in which a record was lost and somebody went round."""

import gzip
import json
import os
import re
import subprocess
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import boto3
import pytest

from claude_bedrock.cli.shared.record_sources import audit_lines_of, destinations_of, records_of
from claude_bedrock.records.invocation_records import STREAM
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.records.trail_source import from_json
from claude_bedrock.verification.evidence_bucket import HOURLY
from claude_bedrock.verification.hours import HOUR
from tests.integration.deployed.deployment import MODEL, Deployment, eventually
from tests.integration.deployed.running import PROJECT
from tests.integration.deployed.test_cli import command
from tests.integration.deployed.test_records import recorded
from tests.unit.records.trail_bucket import event
from tests.verification.scenario import record
from verification.report import EVIDENCE, METRICS, NOT_VERIFIED, TRAIL_METRICS, VERIFIED

EMBEDDED = {"logging-unchanged"}
"""What the embedded AWS cannot tell."""
ROLE = "goes-round"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
}
INVOKES = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*"}],
}


class Window(NamedTuple):
    """What happened in it: request ids."""

    since: str
    until: str
    recorded: list[str]
    lost: str
    round_it: str


def verify(deployment: Deployment, *arguments: str) -> CompletedProcess[str]:
    return claude_bedrock(deployment, "verify", *arguments)


def evidence(deployment: Deployment, *arguments: str) -> CompletedProcess[str]:
    return claude_bedrock(deployment, "evidence", "verify", *arguments)


def claude_bedrock(deployment: Deployment, *arguments: str) -> CompletedProcess[str]:
    return subprocess.run(
        command(deployment, *arguments),
        cwd=PROJECT,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def audit(deployment: Deployment, *arguments: str) -> CompletedProcess[str]:
    return subprocess.run(
        command(deployment, "audit", *arguments),
        cwd=PROJECT,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def go_round(deployment: Deployment, prompt: str = "secret-prompt") -> str:
    """A call of Bedrock itself, signed by a session of a role; the id of the request."""
    iam, sts = deployment.client("iam"), deployment.client("sts")
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName=ROLE, PolicyName="all", PolicyDocument=json.dumps(INVOKES))
    credentials = sts.assume_role(
        RoleArn=f"arn:aws:iam::123456789012:role/{ROLE}", RoleSessionName="laptop"
    )["Credentials"]
    make: Any = boto3.Session(region_name=deployment.endpoint["region"]).client
    runtime = make(
        "bedrock-runtime",
        endpoint_url=deployment.endpoint["bedrock_endpoint_url"],
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": prompt}],
    }
    answer = runtime.invoke_model(
        modelId="global.anthropic.claude-haiku-4-5-20251001-v1:0", body=json.dumps(body)
    )
    request_id: str = answer["ResponseMetadata"]["RequestId"]
    return request_id


Strangers = Mapping[str, datetime]
"""By request id, the hour of a record that has no call of the gateway."""


@pytest.fixture(scope="module", autouse=True)
def strangers(deployment: Deployment) -> Strangers:
    """A record in the hour that the function will seal first, of before the deployment: and one in
    the next, since that is the first where the clock strikes meanwhile."""
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = {str(uuid.uuid4()): begin - number * HOUR for number in (2, 1)}
    destinations = destinations_of(deployment.stage())
    for request_id, hour in hours.items():
        at = hour + HOUR / 2
        region = {"region": destinations.region, "inferenceRegion": destinations.region}
        content = {**record(request_id, "went round", at.timestamp()), **region}
        deployment.client("s3").put_object(
            Bucket=destinations.bucket,
            Key=f"{destinations.root}{at:%Y/%m/%d/%H}/{at:%Y%m%dT%H%M%S}000Z_{request_id[:8]}.json.gz",
            Body=gzip.compress(json.dumps(content).encode()),
        )
        log_record(deployment, content, at)
        log_event(deployment, content, at)
    return hours


def log_event(deployment: Deployment, content: Mapping[str, Any], at: datetime) -> None:
    """Into the trail's bucket, as CloudTrail would, of the call that a record is of."""
    source = from_json(deployment.output("InvocationLogging", "CloudTrailSource"))
    assert source is not None
    account, region = destinations_of(deployment.stage()).account, content["region"]
    made = event(content["requestId"], at, awsRegion=region, userIdentity=content["identity"])
    name = f"{account}_CloudTrail_{region}_{at:%Y%m%dT%H%M}Z_{content['requestId'][:16]}.json.gz"
    deployment.client("s3").put_object(
        Bucket=source.bucket,
        Key=f"{source.root(account)}{region}/{at:%Y/%m/%d}/{name}",
        Body=gzip.compress(json.dumps({"Records": [made]}).encode()),
    )


def now() -> str:
    return datetime.now(UTC).isoformat()


@pytest.fixture(scope="module")
def window(deployment: Deployment) -> Window:
    """A record's time is of whole seconds: nothing else happens in the window's first and last.
    What is kept is delivered twice, under another name of the model, late, and overtaken."""
    time.sleep(2.1)
    since = now()
    time.sleep(1.1)
    answers = [
        deployment.ask("[[fault: duplicate]] secret-prompt"),
        deployment.ask("[[fault: profile_arn]] secret-prompt", stream=True),
        deployment.ask("[[fault: late seconds=1]]" + "All of this is kept. secret-prompt " * 7500),
        deployment.ask("[[fault: throttle]] [[fault: reordered]] secret-prompt"),
    ]
    request_ids = [answer.headers["request-id"] for answer in answers]
    lost = deployment.ask("[[fault: no_delivery]] secret-prompt").headers["request-id"]
    counted = {"model": MODEL, "messages": [{"role": "user", "content": "How many?"}]}
    refused = {**counted, "model": "claude-of-nobody", "max_tokens": 1}
    headers = {"x-api-key": deployment.key, "content-type": "application/json"}
    for path, body in (("/v1/messages", refused), ("/v1/messages/count_tokens", counted)):
        deployment.call("POST", path, json.dumps(body).encode(), headers)
    round_it = go_round(deployment)
    records = records_of(deployment.stage())
    for request_id in (*request_ids, round_it):
        recorded(records, request_id)
    eventually(lambda: lines_since(deployment, since) == len(request_ids) + 3)
    time.sleep(1.1)
    return Window(since, now(), request_ids, lost, round_it)


def lines_since(deployment: Deployment, since: str) -> int:
    begin = datetime.fromisoformat(since)
    end = datetime.now(UTC) + timedelta(minutes=1)
    return len(list(audit_lines_of(deployment.stage(), begin, end, Fingerprint())))


def over(window: Window) -> tuple[str, ...]:
    return ("--since", window.since, "--until", window.until, "--settle-minutes", "0")


def test_exactly_the_lost_call_and_the_one_that_went_round_are_named(
    deployment: Deployment, window: Window, tmp_path: Path
) -> None:
    shown = verify(deployment, *over(window), "--json", "--evidence", str(tmp_path))

    assert (shown.returncode, shown.stderr) == (1, ""), shown.stderr
    report = json.loads(shown.stdout)
    findings = {finding["kind"]: finding for finding in report["findings"]}
    assert {kind: finding["request_id"] for kind, finding in findings.items()} == {
        "missing_record": window.lost,
        "bypassed_gateway": window.round_it,
    }
    assert len(report["findings"]) == 2
    assert findings["missing_record"]["who"] == "default"
    assert findings["bypassed_gateway"]["who"].endswith(f":assumed-role/{ROLE}/laptop")
    assert report["counts"] == {
        "calls": 7,  # the throttled one is two: the gateway has tried again
        "matched": 5,
        "not_logged": 1,
        "pending": 0,
        "unknown": 0,
        "refused": 0,
        "not_loggable": 1,
        "answered_without_bedrock": 1,
        "records": 6,
        "unmatched_records": 1,
        "records_pending": 0,
        "audit_entries_lost": 0,
        "allowed_direct_calls": 0,
        "duplicates": 2,  # the first call's, in each destination
        "unreadable": 0,
    }
    assert report["verdict"] == "fail"
    assert report["headline"].startswith("1 of 6 calls of ")
    assert report["headline"].endswith(" is not on record; 1 record is of no call of the gateway.")
    assert all(len(finding["id"]) == 12 for finding in report["findings"])
    (file,) = tmp_path.iterdir()
    assert report["evidence"] == {
        "file": str(file),
        "sha256": json.loads(file.read_bytes().splitlines()[-1])["sha256"],
    }
    assert "secret-prompt" not in shown.stdout + file.read_text()


def test_a_window_before_the_stage_is_not_assessed_and_evidence_is_a_chain(
    deployment: Deployment, window: Window, tmp_path: Path
) -> None:
    early = ("--since", "2020-01-01", "--until", "2020-01-01T00:30:00")

    before = verify(deployment, *early, "--evidence", str(tmp_path))
    assert (before.returncode, "was not deployed yet in" in before.stdout) == (2, True)
    shown = verify(deployment, *over(window), "--evidence", str(tmp_path))
    assert shown.returncode == 1
    assert {window.lost, window.round_it} <= set(re.findall(r"[0-9a-f-]{36}", shown.stdout))

    first, second = sorted(map(str, tmp_path.iterdir()))
    process = evidence(deployment, first, second)
    assert (process.returncode, process.stderr) == (0, "")
    assert evidence(deployment, second, first).returncode == 1
    text = Path(second).read_text()
    Path(second).write_text(text.replace(window.round_it, window.lost))
    broken = evidence(deployment, first, second)
    assert broken.returncode == 1
    assert re.search(rf"{second}, entry \d: it is not what was written", broken.stderr)


def test_what_is_younger_than_the_delay_is_no_finding(
    deployment: Deployment, window: Window, tmp_path: Path
) -> None:
    young = (*over(window)[:-1], "60", "--json", "--evidence", str(tmp_path))

    shown = verify(deployment, *young)

    counts = json.loads(shown.stdout)["counts"]
    assert (shown.returncode, counts["pending"], counts["records_pending"]) == (2, 1, 1)
    assert json.loads(shown.stdout)["headline"].endswith(" 2 are too young to be judged.")


ANSWERED_AND_BROKEN = (
    ("cut after=3", False),
    ("exception type=throttlingException after=0", True),
    ("exception type=modelStreamErrorException after=3", True),
)


@pytest.mark.parametrize(("fault", "stream"), ANSWERED_AND_BROKEN)
def test_a_call_that_bedrock_answered_without_a_record_is_not_complete(
    deployment: Deployment, tmp_path: Path, fault: str, stream: bool
) -> None:
    """Whatever the client got of the answer that broke."""
    time.sleep(1.1)
    since = now()
    time.sleep(1.1)
    request_id = deployment.ask("secret-prompt").headers["request-id"]
    deployment.ask(f"[[fault: {fault}]] [[fault: no_delivery]] secret-prompt", stream=stream)
    recorded(records_of(deployment.stage()), request_id)
    eventually(lambda: lines_since(deployment, since) == 2)

    folder = ("--evidence", str(tmp_path))
    shown = verify(deployment, "--since", since, "--settle-minutes", "0", "--json", *folder)
    text = verify(deployment, "--since", since, "--settle-minutes", "0", *folder)

    report = json.loads(shown.stdout)
    assert (shown.returncode, text.returncode, report["verdict"]) == (1, 1, "fail")
    assert [finding["kind"] for finding in report["findings"]] == ["missing_record"]
    assert report["headline"].startswith("1 of 2 calls of ")
    for text_shown in (report["headline"], text.stdout):
        assert "very call" not in text_shown
        assert "Nothing found" not in text_shown


def test_a_client_that_disconnects_raises_no_finding(
    deployment: Deployment, tmp_path: Path
) -> None:
    """It got a 200 and a part of a stream, whose record has no completion."""
    time.sleep(1.1)
    since = now()
    time.sleep(1.1)
    answer = deployment.ask("[[fault: cut after=3]] secret-prompt", stream=True)
    recorded(records_of(deployment.stage()), answer.headers["request-id"])
    eventually(lambda: lines_since(deployment, since) == 1)

    shown = verify(
        deployment, "--since", since, "--settle-minutes", "0", "--json", "--evidence", str(tmp_path)
    )

    report = json.loads(shown.stdout)
    assert (shown.returncode, report["findings"], report["counts"]["matched"]) == (0, [], 1)
    assert report["headline"].startswith("Every call of ")


def test_a_record_of_the_gateway_without_its_entry_is_read_in_the_access_log(
    deployment: Deployment, tmp_path: Path
) -> None:
    """And one that cannot be read is named with its event; the others are judged all the same."""
    time.sleep(1.1)
    since = now()
    time.sleep(1.1)
    request_id = deployment.ask("secret-prompt").headers["request-id"]
    call_records = recorded(records_of(deployment.stage()), request_id)
    eventually(lambda: lines_since(deployment, since) == 1)
    content = dict(call_records.in_logs or {})
    of_killed_function = {**content, "requestId": "of-a-killed-function"}
    log_record(deployment, of_killed_function)
    log_event(deployment, of_killed_function, datetime.now(UTC))
    log_record(deployment, {**content, "requestId": "of-another-form", "modelId": None})

    shown = verify(
        deployment, "--since", since, "--settle-minutes", "0", "--json", "--evidence", str(tmp_path)
    )

    report = json.loads(shown.stdout)
    lost, unreadable = sorted(report["findings"], key=lambda finding: str(finding["kind"]))
    gateway_id = content["requestMetadata"]["gateway_request_id"]
    assert (lost["kind"], lost["request_id"]) == ("audit_entry_lost", "of-a-killed-function")
    assert lost["detail"] == (
        f"API Gateway answered its request {gateway_id} with 200; no record in S3; "
        "CloudTrail has its event"
    )
    assert unreadable["kind"] == "unreadable_record"
    assert unreadable["detail"].endswith("cannot be read: modelId is missing")
    assert unreadable["source"].startswith("log group /claude-on-bedrock/")
    assert report["counts"]["matched"] == 1
    assert "secret-prompt" not in shown.stdout


def log_record(
    deployment: Deployment, record: Mapping[str, Any], at: datetime | None = None
) -> None:
    """Into CloudWatch Logs, as Bedrock would."""
    seconds = at.timestamp() if at else time.time()
    logs, group = deployment.client("logs"), deployment.output("InvocationLogging", "LogGroupName")
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=STREAM)
    logs.put_log_events(
        logGroupName=group,
        logStreamName=STREAM,
        logEvents=[{"timestamp": int(seconds * 1000), "message": json.dumps(record)}],
    )


def evidence_bucket(deployment: Deployment) -> str:
    return deployment.output("InvocationLogging", "EvidenceBucketName")


def invoke_function(deployment: Deployment, event: object) -> Any:  # noqa: ANN401 - JSON
    """What the deployed function answers."""
    name = deployment.output("InvocationLogging", "VerificationFunctionName")
    answer = deployment.client("lambda").invoke(
        FunctionName=name, Payload=json.dumps(event).encode()
    )
    result = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    return result


def test_the_deployed_function_finds_the_same_and_stores_it_in_the_bucket(
    deployment: Deployment, window: Window
) -> None:
    event = {"since": window.since, "until": window.until, "delay_minutes": 0}

    (result,) = invoke_function(deployment, event)

    assert {finding["kind"]: finding["request_id"] for finding in result["findings"]} == {
        "missing_record": window.lost,
        "bypassed_gateway": window.round_it,
    }
    key = result["evidence"]["key"]
    stored = deployment.client("s3").get_object(Bucket=evidence_bucket(deployment), Key=key)
    text = stored["Body"].read().decode()
    assert json.loads(text.splitlines()[-1])["sha256"] == result["evidence"]["sha256"]
    assert "secret-prompt" not in text


def test_by_the_clock_the_function_forms_a_chain_that_can_be_checked(
    deployment: Deployment,
) -> None:
    invoke_function(deployment, {})

    process = evidence(deployment)

    assert (process.returncode, process.stderr) == (2, "")  # no hour is due so soon
    pattern = (
        r"No whole hour .* is due yet: .* Files of hours: [1-9]\d*\. The last hash is \w{64}\."
    )
    assert re.match(pattern, process.stdout.replace("\n", " "))
    data = json.loads(evidence(deployment, "--objects", "--json").stdout)
    assert (data["second_place"], data["mismatches"], data["broken"]) == ("compared", [], [])
    assert "`aws cloudtrail validate-logs " in data["not_compared"]
    objects = data["objects"]
    assert (objects["objects"], objects["files_without_objects"]) == (1, 0)
    assert objects["changes"] == []


def test_a_byte_of_the_buckets_evidence_that_was_changed_is_named(deployment: Deployment) -> None:
    invoke_function(deployment, {})
    s3, bucket = deployment.client("s3"), evidence_bucket(deployment)
    key = s3.list_objects_v2(Bucket=bucket, Prefix=HOURLY)["Contents"][-1]["Key"]
    written = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=written.replace(b"run", b"ran", 1))
    try:
        broken = evidence(deployment)
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=written)

    assert (broken.returncode, broken.stderr) == (1, "")
    assert f"{key}, entry 1: it is not what was written" in broken.stdout


def test_a_sealed_hour_that_was_deleted_is_named_by_the_function_and_by_verify(
    deployment: Deployment,
) -> None:
    invoke_function(deployment, {})
    s3, bucket = deployment.client("s3"), evidence_bucket(deployment)
    key = s3.list_objects_v2(Bucket=bucket, Prefix=HOURLY)["Contents"][-1]["Key"]
    eventually(lambda: not json.loads(evidence(deployment, "--json").stdout)["unlogged"])
    written = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.delete_object(Bucket=bucket, Key=key)
    try:
        missing = evidence(deployment, "--since", "2026-01-01")
        invoke_function(deployment, {})
        sealed_again = s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=written)

    assert (missing.returncode, sealed_again) == (1, [])
    assert f"evidence_missing: {key} was sealed with" in missing.stdout.replace("\n", " ")


def test_the_deployed_function_writes_its_metrics(deployment: Deployment) -> None:
    invoke_function(deployment, {})
    group = deployment.output("InvocationLogging", "LogGroupName")
    request = {
        "logGroupName": group.replace("invocations", "verification"),
        "filterPattern": '"_aws"',
    }
    expected = {VERIFIED, NOT_VERIFIED, EVIDENCE, *METRICS.values(), *TRAIL_METRICS.values()}

    def written() -> bool:
        events = deployment.client("logs").filter_log_events(**request)["events"]
        lines = [json.loads(event["message"]) for event in events]
        directives = [(line, line["_aws"]["CloudWatchMetrics"][0]) for line in lines]
        return expected == {
            metric["Name"]
            for line, directive in directives
            for metric in directive["Metrics"]
            if (directive["Namespace"], line["service"]) == ("ClaudeOnBedrock", "verification")
        }

    assert eventually(written)


def test_the_deployment_has_written_the_first_data_points(deployment: Deployment) -> None:
    """Of each alarm on silence, as a 0, before the alarm was made."""
    group = deployment.output("InvocationLogging", "LogGroupName")
    events = deployment.client("logs").filter_log_events(
        logGroupName=group.replace("invocations", "invocation-logging"), filterPattern='"_aws"'
    )["events"]
    lines = [json.loads(event["message"]) for event in events]
    written = {
        metric["Name"]: (line["service"], line[metric["Name"]])
        for line in lines
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }
    assert written == {
        "DriftDetectorRuns": ("drift-detector", [0.0]),
        "VerifiedHours": ("verification", [0.0]),
        "CanaryRuns": ("canary", [0.0]),
    }


def findings(deployment: Deployment, *arguments: str) -> CompletedProcess[str]:
    return subprocess.run(
        command(deployment, "findings", *arguments),
        cwd=PROJECT,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_sealed_finding_is_accepted_and_printed_as_such_from_then_on(
    deployment: Deployment, strangers: Strangers, tmp_path: Path
) -> None:
    """By the function, by a new join, by the report that sums the hour, and in the chain."""
    invoke_function(deployment, {})
    unknown = findings(deployment, "accept", "0" * 12, "--reason", "why")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "no sealed finding has the id 000000000000" in unknown.stderr
    listed = findings(deployment, "list", "--json")
    (result,) = json.loads(listed.stdout)["items"]
    assert (listed.returncode, result["kind"]) == (1, "bypassed_gateway")
    hour = strangers[result["request_id"]]

    accepted = findings(deployment, "accept", result["id"], "--reason", "a fire drill", "--json")

    assert accepted.returncode == 0, accepted.stderr
    assert findings(deployment, "list").returncode == 0
    (again,) = json.loads(findings(deployment, "list", "--all", "--json").stdout)["items"]
    assert (again["state"], again["accepted"]["reason"]) == ("accepted", "a fire drill")
    key = json.loads(accepted.stdout)["evidence"]["key"]
    eventually(lambda: logged(deployment, key))
    over_hour = ("--since", hour.isoformat(), "--until", (hour + HOUR).isoformat())
    shown = verify(deployment, *over_hour, "--json", "--no-evidence")
    report = json.loads(shown.stdout)
    assert (shown.returncode, report["findings"]) == (0, []), shown.stdout
    assert [item["id"] for item in report["accepted"]] == [result["id"]]
    chain = json.loads(evidence(deployment, "--json").stdout)
    assert (chain["broken"], chain["mismatches"]) == ([], [])
    _is_reported_as_accepted(deployment, over_hour, result["id"], tmp_path / "audit")


def _is_reported_as_accepted(
    deployment: Deployment, over_hour: tuple[str, ...], finding_id: str, out: Path
) -> None:
    """While somebody is told of alarms, nothing of the report fails: it ends with 2, since the
    embedded AWS cannot tell some things, and the hour began before the deployment."""
    topic = deployment.output("Observability", "AlarmTopicArn")
    sns = deployment.client("sns")
    queue = topic.replace(":sns:", ":sqs:")
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    try:
        made = audit(deployment, *over_hour, "--out", str(out), "--json")
    finally:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    report = json.loads(made.stdout)
    statements = {statement["id"]: statement for statement in report["statements"]}
    failed = {name for name, statement in statements.items() if statement["verdict"] == "fail"}
    unasked = {
        name for name, statement in statements.items() if statement["verdict"] == "not assessed"
    }
    # The tests of budgets delete what they have counted, of calls that stay on record.
    is_counted = "budgets-counted" not in failed
    assert made.returncode == (2 if is_counted else 1), made.stdout
    assert failed <= {"budgets-counted"}, made.stdout
    assert unasked == {*EMBEDDED, "residency", "chain", "kept-six-months"}
    words = statements["no-bypass"]["words"]
    assert f"is accepted, with a reason: {finding_id}." in words
    (accepted,) = report["completeness"]["accepted"]
    assert accepted["id"] == finding_id
    assert accepted["accepted"]["by"].startswith("arn:")


def logged(deployment: Deployment, key: str) -> bool:
    """Whether the function's log group has the hash of that file."""
    group = deployment.output("InvocationLogging", "LogGroupName")
    events = deployment.client("logs").filter_log_events(
        logGroupName=group.replace("invocations", "verification"), filterPattern='"sealed"'
    )["events"]
    return any(key in event["message"] for event in events)
