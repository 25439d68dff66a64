"""What is said of a deployed stage: read from an AWS, and told."""

import datetime as dt
import io
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws
from rich.console import Console

from claude_bedrock.cli.retention import locations
from claude_bedrock.cli.retention.locations import Destination, exit_code, list_locations, withheld
from claude_bedrock.cli.retention.report import Report
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.retention.bucket import Lock, Rule
from claude_bedrock.retention.parse_aws import read_lock, read_rules
from claude_bedrock.retention.result import suffices

DAY = dt.date(2026, 1, 15)
MIDNIGHT = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
STAGE = Deployment("dev", "us-east-1", None)
STACK = "claude-on-bedrock-dev-InvocationLogging"
BUCKET = "record"
CONFIGURATION = {
    "s3Config": {"bucketName": BUCKET},
    "cloudWatchConfig": {
        "largeDataDeliveryS3Config": {"bucketName": BUCKET, "keyPrefix": "large-data"}
    },
}
GROUPS = {"invocations": 30, "gateway": 90, "access": 90, "verification": 90}
PREFIXES = ("AWSLogs/*", "large-data/*", "evidence/*")
LIFECYCLE: list[dict[str, Any]] = [
    {
        "ID": "RecordsAndLargeBodies",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 35},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 35},
    },
    {
        "ID": "DeleteMarkers",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
    },
]


@cache
def client(service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
    """One for all tests: moto keeps what it is told for each test, whatever client tells it."""
    return STAGE.client(service)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A deployed stage's places in moto, as our stacks make them; the id of its key."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        made = client("kms").create_key()["KeyMetadata"]
        for name, days in GROUPS.items():
            group = f"/claude-on-bedrock/dev/{name}"
            client("logs").create_log_group(logGroupName=group)
            client("logs").put_retention_policy(logGroupName=group, retentionInDays=days)
        client("s3").create_bucket(Bucket=BUCKET)
        client("s3").put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
        )
        put_lifecycle(LIFECYCLE)
        outputs = {
            "LogGroupName": "/claude-on-bedrock/dev/invocations",
            "LogBucketName": BUCKET,
            "LoggingConfiguration": json.dumps(CONFIGURATION),
            "EvidenceBucketName": BUCKET,
            "KeyArn": made["Arn"],
        }
        client("cloudformation").create_stack(StackName=STACK, TemplateBody=template(outputs))
        yield str(made["KeyId"])


def template(outputs: dict[str, str]) -> str:
    return json.dumps(
        {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
    )


def update_outputs(**outputs: str) -> None:
    """The stack's outputs are these too."""
    (stack,) = client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    before = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    body = template(before | outputs)
    client("cloudformation").update_stack(StackName=STACK, TemplateBody=body)


def put_lifecycle(rules: list[dict[str, Any]]) -> None:
    client("s3").put_bucket_lifecycle_configuration(
        Bucket=BUCKET, LifecycleConfiguration={"Rules": rules}
    )


def outcomes() -> dict[str, str]:
    """Of each place, by the end of its name, whether it keeps 30 days."""
    locations = list_locations(STAGE, DAY)
    return {
        location.name.removeprefix("/claude-on-bedrock/dev/").removeprefix(
            f"s3://{BUCKET}/"
        ): location.outcome(30)
        for location in locations
        if not location.name.startswith("key ")
    }


OK = dict.fromkeys(
    (
        *GROUPS,
        *PREFIXES,
        *(f"{prefix}, deleted or overwritten" for prefix in PREFIXES),
    ),
    "ok",
)


def test_without_an_endpoint_its_log_groups_count_where_they_still_are(stage: str) -> None:
    del stage
    settings = {"Settings": json.dumps({"endpoint": False})}
    client("cloudformation").create_stack(
        StackName=STACK.replace("InvocationLogging", "ModelAccess"), TemplateBody=template(settings)
    )
    client("logs").delete_log_group(logGroupName="/claude-on-bedrock/dev/gateway")
    client("logs").put_retention_policy(
        logGroupName="/claude-on-bedrock/dev/access", retentionInDays=7
    )

    outcome = outcomes()

    assert "gateway" not in outcome
    assert outcome["access"] == "too short"


def test_a_stage_as_our_stacks_make_it_retains_what_it_sets(stage: str) -> None:
    assert outcomes() == OK

    retentions = {location.name: location.retention for location in list_locations(STAGE, DAY)}
    large = retentions[f"s3://{BUCKET}/large-data/*"]
    assert large is not None
    assert large.first == MIDNIGHT + dt.timedelta(days=70)
    assert retentions[f"key {stage}"] is not None


@pytest.mark.usefixtures("stage")
def test_an_adopted_location_is_held_to_the_stages_days() -> None:
    large = {"largeDataDeliveryS3Config": {"bucketName": "theirs", "keyPrefix": "bodies"}}
    records = {"s3Config": {"bucketName": "theirs", "keyPrefix": "bedrock"}}
    adopted = {**records, "cloudWatchConfig": {"logGroupName": "/of-another-team", **large}}
    update_outputs(
        LogGroupName="/of-another-team",
        LogBucketName="theirs",
        LoggingConfiguration=json.dumps(adopted),
    )
    client("logs").create_log_group(logGroupName="/of-another-team")
    client("logs").put_retention_policy(logGroupName="/of-another-team", retentionInDays=14)
    client("s3").create_bucket(Bucket="theirs")

    outcome = outcomes()
    assert outcome.pop("/of-another-team") == "too short"
    assert outcome.pop("s3://theirs/bedrock/AWSLogs/*") == "ok"
    assert outcome.pop("s3://theirs/bodies/*") == "ok"
    # Without versioning, what is deleted there is gone.
    assert outcome.pop("s3://theirs/bedrock/AWSLogs/*, deleted or overwritten") == "too short"
    assert {"gateway", "access", "evidence/*"} <= set(outcome)


@pytest.mark.usefixtures("stage")
def test_the_log_of_who_reached_the_record_is_checked_too() -> None:
    client("s3").create_bucket(Bucket="access")
    update_outputs(AccessLogBucketName="access")

    outcome = outcomes()
    assert outcome["s3://access/*"] == "ok"
    assert outcome["s3://access/*, deleted or overwritten"] == "too short"


@pytest.mark.usefixtures("stage")
def test_lowered_rules_are_detected() -> None:
    narrow = {"ID": "b", "Status": "Enabled", "Filter": {"Prefix": "large-data/"}}
    put_lifecycle([*LIFECYCLE, {**narrow, "Expiration": {"Days": 3}}])
    assert outcomes() == {**OK, "large-data/*": "too short"}

    put_lifecycle([*LIFECYCLE, {**narrow, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}])
    assert outcomes() == {**OK, "large-data/*, deleted or overwritten": "too short"}


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    "narrowed",
    [
        {"Prefix": "evidence/"},
        {"Prefix": "evidence/hours/2026/"},
        {"Tag": {"Key": "k", "Value": "v"}},
        {"And": {"Prefix": "evidence/", "ObjectSizeGreaterThan": 1}},
    ],
)
def test_evidence_that_expires_early_is_detected(narrowed: dict[str, Any]) -> None:
    rule = {"ID": "b", "Status": "Enabled", "Filter": narrowed}
    put_lifecycle([*LIFECYCLE, {**rule, "Expiration": {"Days": 1}}])
    assert outcomes()["evidence/*"] == "too short"

    put_lifecycle([*LIFECYCLE, {**rule, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}])
    assert outcomes()["evidence/*, deleted or overwritten"] == "too short"


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize("group", ["gateway", "access", "verification"])
def test_what_explains_records_has_to_outlive_them(group: str) -> None:
    name = f"/claude-on-bedrock/dev/{group}"
    client("logs").put_retention_policy(logGroupName=name, retentionInDays=60)
    assert outcomes() == {**OK, group: "too short"}


@pytest.mark.usefixtures("stage")
def test_without_lifecycle_all_is_retained_until_deleted() -> None:
    client("s3").delete_bucket_lifecycle(Bucket=BUCKET)

    assert outcomes() == OK
    (large,) = [
        location
        for location in list_locations(STAGE, DAY)
        if location.name.endswith("large-data/*")
    ]
    assert large.retention is not None
    assert large.retention.first is None


@pytest.mark.usefixtures("stage")
def test_versioning_switched_off_is_detected() -> None:
    client("s3").put_bucket_versioning(
        Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}
    )

    short = {name for name, outcome in outcomes().items() if outcome != "ok"}
    assert short == {
        "AWSLogs/*, deleted or overwritten",
        "large-data/*, deleted or overwritten",
        "evidence/*, deleted or overwritten",
    }


@pytest.mark.usefixtures("stage")
def test_a_deleted_log_group_or_bucket_retains_nothing() -> None:
    client("logs").delete_log_group(logGroupName="/claude-on-bedrock/dev/gateway")
    assert outcomes() == {**OK, "gateway": "too short"}

    client("s3").delete_bucket(Bucket=BUCKET)
    short = {name for name, outcome in outcomes().items() if outcome != "ok"}
    assert short == {*OK} - {"invocations", "access", "verification"}


def test_a_key_that_is_to_be_deleted_shortens_every_location(stage: str) -> None:
    client("kms").schedule_key_deletion(KeyId=stage, PendingWindowInDays=7)

    today = dt.datetime.now(dt.UTC).date()
    locations = list_locations(STAGE, today)

    assert {location.outcome(30) for location in locations} == {"too short"}
    assert all(location.retention and not suffices(location.retention, 7) for location in locations)


def test_every_shape_of_a_rule_is_read() -> None:
    size = {"ObjectSizeGreaterThan": 1}
    date = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
    rules = [
        {"ID": "a", "Status": "Disabled", "Expiration": {"Days": 1}},
        {"ID": "b", "Status": "Enabled", "Prefix": "old/", "Expiration": {"Days": 1}},
        {"Status": "Enabled", "Filter": {"Tag": {"Key": "k", "Value": "v"}}},
        {"ID": "d", "Status": "Enabled", "Filter": {"And": {"Prefix": "p/", **size}}},
        {"ID": "e", "Status": "Enabled", "Filter": size, "Expiration": {"Date": date}},
        {
            "ID": "f",
            "Status": "Enabled",
            "Filter": {"Prefix": "p/"},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 2, "NewerNoncurrentVersions": 3},
        },
    ]

    assert read_rules(rules) == (
        Rule("b", "old/", expires_days=1),
        Rule("", narrowed=True),
        Rule("d", "p/", narrowed=True),
        Rule("e", narrowed=True, expires_on=date),
        Rule("f", "p/", noncurrent_days=2, newer=True),
    )


def test_a_locks_years_are_their_shortest() -> None:
    def lock(**default: object) -> Lock | None:
        return read_lock({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default}})

    assert lock(Mode="GOVERNANCE", Days=31) == Lock("GOVERNANCE", 31)
    assert lock(Mode="COMPLIANCE", Years=2) == Lock("COMPLIANCE", 730)
    assert read_lock({"ObjectLockEnabled": "Enabled"}) is None


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not you"}}, "DescribeKey")


def test_what_is_withheld_names_the_reason() -> None:
    assert "allow them kms:DescribeKey" in withheld(error("AccessDenied"), "kms:DescribeKey")
    assert "Throttling: not you" in withheld(error("Throttling"), "kms:DescribeKey")
    unreachable = EndpointConnectionError(endpoint_url="https://kms")
    assert "AWS did not answer" in withheld(unreachable, "kms:DescribeKey")


def test_the_worst_decides_how_it_ends() -> None:
    assert exit_code(["ok", "ok"]) == 0
    assert exit_code(["ok", "unknown"]) == 2
    assert exit_code(["unknown", "too short", "ok"]) == 1


@pytest.mark.usefixtures("stage")
def test_the_report_lists_what_it_read_and_what_it_could_not() -> None:
    denied = Destination("somewhere", None, "denied")
    report = Report(STAGE, "the stack", 36, DAY, [*locations.list_locations(STAGE, DAY), denied])
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(report.as_text())
    output = console.export_text()

    for part in (
        *("36 days", "the stack", "2026-02-14 00:00", "2026-03-28 00:00", "72 hours"),
        *("kms:ScheduleKeyDeletion", "s3:DeleteObjectVersion", "Not known: denied"),
        "intro-lifecycle-rules.html",
        "Kept less than 36 days: /claude-on-bedrock/dev/invocations, s3://record/AWSLogs/*",
    ):
        assert part in output, output
    assert "embedded AWS" not in output
    data: Any = json.loads(json.dumps(report.as_data()))
    first = data["destinations"][0]
    assert (first["outcome"], first["first"]) == ("too short", "2026-02-14T00:00:00+00:00")
    assert data["destinations"][-1] == {
        "destination": "somewhere",
        "outcome": "unknown",
        "needed_days": 36,
        "unknown": "denied",
    }
