"""Each way in which a record can cease to be kept is told apart, and nothing else is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.logging_config import drift
from claude_bedrock.logging_config.configuration import DATA_TYPES, desired
from claude_bedrock.logging_config.delivery_permissions import Delivery
from claude_bedrock.logging_config.drift import Drift
from claude_bedrock.logging_config.resource_policy import Policy, Statement
from claude_bedrock.retention.bucket import Bucket, BucketSettings, Lock, Rule
from claude_bedrock.retention.key import Key
from claude_bedrock.retention.log_group import LogGroup
from drift_detector.handler import ExpectedState, detect_drift
from tests.unit.catalog.account_answers import Answers, answers
from tests.unit.invocation_logging.conftest import PROPERTIES, THEIR_ROLE

DESIRED = desired(PROPERTIES)
TODAY = dt.date(2026, 11, 25)
ACCOUNT = "111122223333"
BUCKET = "arn:aws:s3:::claude-dev-invocations"
ROLE = PROPERTIES["RoleArn"]
VERIFIER = f"arn:aws:iam::{ACCOUNT}:role/verifier"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1111"
GROUPS = "/claude-on-bedrock/dev/"
DELIVERY = Delivery(
    account=ACCOUNT,
    region="eu-west-1",
    bucket="claude-dev-invocations",
    key=KEY,
    log_groups=GROUPS,
    prefixes=("AWSLogs/", "large-data/"),
    role=ROLE,
    verifier=VERIFIER,
)
ANYONE = {"AWS": "*"}
FROM_HERE = {
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
    "ArnLike": {"aws:SourceArn": f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:*"},
}
TLS_ONLY: Statement = {
    "Effect": "Deny",
    "Principal": ANYONE,
    "Action": "s3:*",
    "Resource": [BUCKET, f"{BUCKET}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
NEW_TLS: Statement = {
    **TLS_ONLY,
    "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}},
}
WRITTEN_ONCE: Statement = {
    "Sid": "DenyOverwritingEvidence",
    "Effect": "Deny",
    "Principal": ANYONE,
    "Action": "s3:PutObject",
    "Resource": f"{BUCKET}/evidence/*",
    "Condition": {"Null": {"s3:if-none-match": "true"}},
}
BEDROCK: Statement = {
    "Effect": "Allow",
    "Principal": {"Service": "bedrock.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": f"{BUCKET}/*",
    "Condition": FROM_HERE,
}
POLICY = [TLS_ONLY, NEW_TLS, WRITTEN_ONCE, BEDROCK]
OF_KEY: list[Statement] = [
    {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    },
    {
        "Effect": "Allow",
        "Principal": {"Service": "bedrock.amazonaws.com"},
        "Action": "kms:GenerateDataKey",
        "Resource": "*",
        "Condition": FROM_HERE,
    },
    {
        "Effect": "Allow",
        "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:"
                f"log-group:{GROUPS}*"
            }
        },
    },
    {
        "Effect": "Deny",
        "Principal": ANYONE,
        "Action": "kms:CreateGrant",
        "Resource": "*",
        "Condition": {"BoolIfExists": {"kms:GrantIsForAWSResource": "false"}},
    },
]
TRUST: Statement = {
    "Effect": "Allow",
    "Principal": {"Service": "bedrock.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": FROM_HERE,
}
RETENTION = Rule("kept", expires_days=35, noncurrent_days=35)
OPEN = BucketSettings(KEY, (), "BucketOwnerEnforced")
GROUP = LogGroup(90, protected=True, key_arn=KEY)
NAMES = ("gateway", "access", "verification", "authorizer", "invocations")

ARCHIVE = {"bucket": "archive", "key": "arn:aws:kms:eu-west-1:999999999999:key/1"}
INTO_ARCHIVE: dict[str, Any] = {
    "ID": "Archive",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
    "Destination": {
        "Bucket": "arn:aws:s3:::archive",
        "EncryptionConfiguration": {"ReplicaKmsKeyID": ARCHIVE["key"]},
    },
}


class Region:
    """An account in which everything is as the stage set it up, until a test changes it."""

    def __init__(self, configuration: dict[str, Any] = DESIRED) -> None:
        self._configuration = configuration
        self.groups: dict[str, LogGroup] = {f"{GROUPS}{name}": GROUP for name in NAMES}
        self.buckets = {"claude-dev-invocations": Bucket((RETENTION,), "Enabled")}
        self.settings = OPEN
        self.rules = [INTO_ARCHIVE]
        self.policy = POLICY
        self.of_key = OF_KEY
        self.assumed_by: Statement | None = TRUST
        self.refused: set[str] = set()
        self.stacks = {"claude-on-bedrock-dev-Gateway"}
        self.mode = "none"
        self.lists = answers("eu-west-1")
        self.lists_denied = False

    def configuration(self) -> dict[str, Any]:
        return self._configuration

    def log_group(self, name: str) -> LogGroup | None:
        return self.groups.get(name)

    def bucket(self, name: str) -> Bucket | None:
        return self.buckets.get(name)

    def bucket_policy(self, name: str) -> Policy | None:
        del name
        return {"Statement": self.policy}

    def bucket_settings(self, name: str) -> BucketSettings:
        del name
        return self.settings

    def replication_rules(self, name: str) -> list[dict[str, Any]]:
        del name
        return self.rules

    def key(self, arn: str) -> Key:
        del arn
        return Key("Enabled")

    def key_policy(self, arn: str) -> Policy:
        del arn
        return {"Statement": self.of_key}

    def trust(self, role_arn: str) -> Policy | None:
        del role_arn
        return None if self.assumed_by is None else {"Statement": self.assumed_by}

    def may_not(self, role_arn: str, action: str, resource: str) -> bool:
        del role_arn, resource
        return action in self.refused

    def has_stack(self, name: str) -> bool:
        return name in self.stacks

    def data_retention(self) -> str:
        return self.mode

    def claude_models(self) -> Answers:
        if self.lists_denied:
            raise ClientError(
                {"Error": {"Code": "AccessDeniedException", "Message": "no"}},
                "ListFoundationModels",
            )
        return self.lists


ADOPTED: dict[str, Any] = {
    **DESIRED,
    "s3Config": {"bucketName": "theirs", "keyPrefix": "bedrock"},
    "cloudWatchConfig": {"logGroupName": "/theirs", "roleArn": THEIR_ROLE},
}
EXPECTED = ExpectedState(
    DESIRED,
    30,
    ACCOUNT,
    "eu-west-1",
    "dev",
    bucket="claude-dev-invocations",
    key=KEY,
    object_lock="",
    protected=True,
    gateway="claude-on-bedrock-dev-Gateway",
    delivery_role=ROLE,
    verifier_role=VERIFIER,
    data_retention="",
    models=("claude-opus-4-8", "claude-haiku-4-5"),
)


def drifts(region: Region, expected: ExpectedState = EXPECTED) -> list[Drift]:
    return list(detect_drift(expected, region, TODAY))


def kinds(differences: list[Drift]) -> list[str]:
    return [item.kind for item in differences]


def test_what_the_stage_has_set_is_no_drift() -> None:
    assert drift.of_configuration(DESIRED, DESIRED) == []
    without_prefix = {**DESIRED["s3Config"], "keyPrefix": ""}
    assert drift.of_configuration({**DESIRED, "s3Config": without_prefix}, DESIRED) == []
    assert drift.of_log_group("g", LogGroup(30), 30, TODAY) == []
    assert drift.of_log_group("g", LogGroup(None), 30, TODAY) == []
    assert drift.of_bucket(Bucket((RETENTION,), "Enabled"), ["AWSLogs/"], 30, TODAY) == []
    assert drift.of_policy({"Statement": POLICY}, DELIVERY) == []
    assert drift.of_key(Key("Enabled")) == []
    assert drifts(Region()) == []
    assert drifts(Region(), EXPECTED._replace(protected=False)) == []


@pytest.mark.parametrize(
    ("mode", "stage_mode", "loosened"),
    [
        ("none", "none", False),
        ("none", "aws_review", False),
        ("default", "none", True),
        ("inherit", "none", True),
        ("inherit", "default", False),
        ("aws_review", "default", True),
        ("provider_data_share", "aws_review", True),
        ("yet_to_come", "aws_review", True),
        ("provider_data_share", "", False),
    ],
)
def test_a_data_retention_mode_that_retains_more_than_the_stages(
    mode: str, stage_mode: str, loosened: bool
) -> None:
    region = Region()
    region.mode = mode
    result = drifts(region, EXPECTED._replace(data_retention=stage_mode))
    assert kinds(result) == (["data_retention_loosened"] if loosened else [])
    assert all(f"mode: {mode}, {stage_mode} set" in item.what for item in result)


@given(st.sets(st.sampled_from(DATA_TYPES), min_size=1))
def test_each_data_type_that_is_off_is_named(off: set[str]) -> None:
    result = {**DESIRED, **{f"{item}DataDeliveryEnabled": False for item in off}}
    outcome = drift.of_configuration(result, DESIRED)
    assert set(kinds(outcome)) == {"bodies switched off"}
    assert {drift.what.split("Data")[0] for drift in outcome} == off


@pytest.mark.parametrize(
    ("result", "kind", "what"),
    [
        (None, "logging deleted", "no logging configuration"),
        (DESIRED | {"s3Config": {"bucketName": "x"}}, "records redirected", "found x"),
        ({**DESIRED, "cloudWatchConfig": None}, "records redirected", "logGroupName: found absent"),
    ],
)
def test_logging_that_is_off_or_goes_elsewhere(
    result: dict[str, Any] | None, kind: str, what: str
) -> None:
    outcome = drift.of_configuration(result, DESIRED)
    assert set(kinds(outcome)) == {kind}
    assert any(what in item.what for item in outcome)


@pytest.mark.parametrize("group", [None, LogGroup(14), LogGroup(365, log_class="DELIVERY")])
def test_a_log_group_that_retains_less(group: LogGroup | None) -> None:
    assert kinds(drift.of_log_group("g", group, 30, TODAY)) == ["retention shortened"]


@pytest.mark.parametrize(
    "bucket",
    [
        None,
        Bucket((RETENTION, Rule("more", "AWSLogs/1", expires_days=7)), "Enabled"),
        Bucket((RETENTION,), "Suspended"),
        Bucket((RETENTION._replace(noncurrent_days=1),), "Enabled"),
    ],
)
def test_a_bucket_that_retains_less(bucket: Bucket | None) -> None:
    outcome = drift.of_bucket(bucket, ["AWSLogs/"], 30, TODAY)
    assert kinds(outcome) == ["bucket changed"]


def test_an_adopted_bucket_is_checked_where_the_records_are() -> None:
    week = Rule("week", prefix="bedrock/", expires_days=7, noncurrent_days=7)
    adopted = EXPECTED._replace(configuration=ADOPTED)
    region = Region(ADOPTED)
    region.groups["/theirs"] = LogGroup(30)
    region.buckets["theirs"] = Bucket((RETENTION,), "Enabled")
    region.assumed_by, region.refused = None, {"logs:PutLogEvents"}  # theirs to detect_drift after

    assert drifts(region, adopted) == []
    region.buckets["theirs"] = Bucket((RETENTION, week), "Enabled")
    result = drifts(region, adopted)
    assert kinds(result) == ["bucket changed", "bucket changed"]
    assert all(item.what.startswith("s3://theirs: bedrock/AWSLogs/*") for item in result)


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [INTO_ARCHIVE | {"Status": "Disabled"}],
        [INTO_ARCHIVE | {"Filter": {"Prefix": "evidence/"}}],
        [INTO_ARCHIVE | {"Filter": {"And": {"Tags": [{"Key": "a", "Value": "b"}]}}}],
        [INTO_ARCHIVE | {"SourceSelectionCriteria": {}}],
        [INTO_ARCHIVE | {"Destination": {"Bucket": "arn:aws:s3:::elsewhere"}}],
    ],
)
def test_replication_into_the_archive_that_is_off_or_narrower(rules: list[dict[str, Any]]) -> None:
    region, expected = Region(), EXPECTED._replace(archive=ARCHIVE)
    assert drifts(region, expected) == []
    region.rules = rules

    (drift_,) = drifts(region, expected)

    assert drift_.kind == "bucket changed"
    assert "replicated into archive" in drift_.what
    assert drifts(region) == []


@pytest.mark.parametrize(
    ("lock", "drifted"),
    [
        (Lock("COMPLIANCE", 30), False),
        (Lock("COMPLIANCE", 29), True),
        (Lock("GOVERNANCE", 30), True),
        (None, True),
    ],
)
def test_a_lock_that_is_another(lock: Lock | None, drifted: bool) -> None:
    result = Bucket((RETENTION,), "Enabled", lock)
    assert bool(drift.of_lock(result, "compliance", 30)) is drifted
    assert drift.of_lock(result, "", 30) == []


@pytest.mark.parametrize(
    "rule",
    [
        Rule("evidence", "evidence/", expires_days=1),
        Rule("hours", "evidence/hours/", expires_days=1),
        Rule("all", expires_days=1),
        Rule("tagged", narrowed=True, expires_days=1),
        Rule("small", "evidence/", narrowed=True, expires_days=1),
        Rule("on a day", "evidence/", expires_on=dt.datetime(2026, 11, 27, tzinfo=dt.UTC)),
        Rule("versions", "evidence/", noncurrent_days=1),
        Rule("newer", "evidence/", noncurrent_days=1, newer=True),
    ],
)
def test_evidence_that_expires(rule: Rule) -> None:
    region = Region()
    region.buckets["claude-dev-invocations"] = Bucket((RETENTION, rule), "Enabled")
    result = drifts(region)
    assert set(kinds(result)) == {"bucket changed"}
    assert any(item.what.startswith("evidence/*") for item in result)


def changed(statement: Statement, **changes: object) -> list[Statement]:
    """The bucket's policy with that of its statements changed."""
    return [{**item, **changes} if item is statement else item for item in POLICY]


def without(statement: Statement) -> list[Statement]:
    return [item for item in POLICY if item is not statement]


OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
NARROWER = {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:PrincipalTag/a": "b"}}
EXCEPT_ONE = {
    "Null": {"s3:if-none-match": "true"},
    "StringNotEquals": {"aws:PrincipalArn": OTHER},
}


@pytest.mark.parametrize(
    ("statements", "what"),
    [
        (without(TLS_ONLY), "without TLS"),
        (changed(TLS_ONLY, Resource=f"{BUCKET}/AWSLogs/*"), "without TLS"),
        (changed(TLS_ONLY, Principal={"AWS": ACCOUNT}), "without TLS"),
        (changed(TLS_ONLY, Condition=NARROWER), "without TLS"),
        (changed(TLS_ONLY, Effect="Allow"), "without TLS"),
        (changed(TLS_ONLY, Action="s3:PutObject"), "without TLS"),
        (without(WRITTEN_ONCE), "can be overwritten"),
        (changed(WRITTEN_ONCE, Condition=EXCEPT_ONE), "can be overwritten"),
        (changed(WRITTEN_ONCE, Condition={"Null": {"s3:if-none-match": "false"}}), "overwritten"),
        (changed(WRITTEN_ONCE, Principal={"AWS": VERIFIER}), "can be overwritten"),
        (changed(WRITTEN_ONCE, Principal=None, NotPrincipal={"AWS": OTHER}), "can be overwritten"),
        (changed(WRITTEN_ONCE, Resource=f"{BUCKET}/evidence/hours/*"), "can be overwritten"),
        (changed(WRITTEN_ONCE, Resource=f"{BUCKET}/evidence/????"), "can be overwritten"),
        (changed(WRITTEN_ONCE, Action="s3:DeleteObject"), "can be overwritten"),
        (changed(WRITTEN_ONCE, Action=None, NotAction="s3:PutObject"), "can be overwritten"),
        (without(BEDROCK), "Bedrock may not write AWSLogs/*"),
        (changed(BEDROCK, Condition={"StringEquals": {"aws:SourceAccount": "2"}}), "may not write"),
        (changed(BEDROCK, Condition={"StringEquals": {"aws:RequestTag/a": "b"}}), "may not write"),
        (changed(BEDROCK, Action="s3:GetObject"), "Bedrock may not write"),
        (changed(BEDROCK, Resource=f"{BUCKET}/AWSLogs/*"), "may not write large-data/*"),
        (changed(BEDROCK, Resource=f"{BUCKET}/large-data/*"), "may not write AWSLogs/*"),
        ([*POLICY, {**BEDROCK, "Principal": "*"}], "others than Bedrock"),
        ([*POLICY, {**BEDROCK, "Principal": {"AWS": OTHER}}], "others than Bedrock"),
    ],
)
def test_a_policy_that_is_another(statements: list[Statement], what: str) -> None:
    held = [{name: value for name, value in statement.items() if value} for statement in statements]
    result = drift.of_policy({"Statement": held}, DELIVERY)
    assert set(kinds(result)) == {"bucket changed"}
    assert any(what in item.what for item in result), result


def deny(action: object = "s3:PutObject", where: object = "/*", **more: object) -> Statement:
    paths = where if isinstance(where, list) else [where]
    resources = [f"{BUCKET}{path}" for path in paths]
    base = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resources}
    return {name: value for name, value in {**base, **more}.items() if value is not None}


@pytest.mark.parametrize(
    "statement",
    [
        deny(where="/AWSLogs/*"),
        deny(where=f"/AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/*"),
        deny(where="/large-data/*"),
        deny(where="/evidence/*"),
        deny("s3:*"),
        deny("*"),
        deny("S3:putobject"),
        deny("s3:Put*"),
        deny(["s3:GetObject", "s3:PutObject"], ["", "/*"]),
        deny(None, NotAction="s3:GetObject"),
        deny(Principal={"AWS": "*"}),
        deny(Principal={"Service": "bedrock.amazonaws.com"}),
        deny(Principal={"AWS": VERIFIER}),
        deny(Principal={"AWS": ROLE}),
        deny(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        deny(Principal={"AWS": ACCOUNT}),
        deny(Principal={"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/verifier/a"}),
        deny(Principal=None, NotPrincipal={"AWS": OTHER}),
        deny(Resource=None, NotResource=f"{BUCKET}/other/*"),
        deny(Resource="*"),
        deny(Resource="arn:aws:s3:::*"),
        deny(Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}),
        deny(Condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        deny(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}),
        deny(Condition={"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}),
        deny(Condition={"Null": {"s3:if-none-match": "true"}}),
        deny(Condition={"DateGreaterThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}}),
        deny(Condition={"NumericLessThan": {"s3:TlsVersion": "1.3"}}),
        deny(Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}}),
    ],
)
def test_a_denial_that_may_stop_records_or_evidence(statement: Statement) -> None:
    region = Region()
    region.policy = [*POLICY, {"Sid": "New", **statement}]
    result = drifts(region)
    assert set(kinds(result)) == {"bucket changed"}
    assert all(item.what.startswith("policy: New may deny s3:PutObject on") for item in result)


@pytest.mark.parametrize(
    "statement",
    [
        deny("s3:DeleteObjectVersion"),
        deny(["s3:GetObject", "s3:ListBucket"], ["", "/*"]),
        deny(where="/other/*"),
        deny(Principal={"AWS": OTHER}),
        deny(Principal={"Service": "cloudtrail.amazonaws.com"}),
        deny(None, NotAction=["s3:Put*", "s3:Get*"]),
        deny(Condition={"BoolIfExists": {"aws:SecureTransport": False}}),
        deny(where="/AWSLogs/*", Condition={"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}),
        deny(where="/AWSLogs/*", Condition={"Bool": {"aws:PrincipalIsAWSService": "false"}}),
        deny(
            Condition={
                "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT},
                "Bool": {"aws:PrincipalIsAWSService": ["false"]},
            }
        ),
        deny(Resource=None, NotResource=f"{BUCKET}/*"),
    ],
)
def test_a_denial_that_stops_neither_is_no_drift(statement: Statement) -> None:
    assert drift.of_policy({"Statement": [*POLICY, statement]}, DELIVERY) == []


def test_no_policy_at_all() -> None:
    assert len(drift.of_policy(None, DELIVERY)) == 4
    assert drift.of_policy({"Statement": BEDROCK}, DELIVERY)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (OPEN._replace(key=""), "a key of S3"),
        (OPEN._replace(key=f"{KEY}2"), "encrypts with"),
        (OPEN._replace(not_blocked=("BlockPublicPolicy",)), "BlockPublicPolicy is off"),
        (OPEN._replace(ownership="ObjectWriter"), "ObjectWriter"),
        (OPEN._replace(ownership=""), "not set"),
    ],
)
def test_a_bucket_that_is_opened_or_encrypts_otherwise(settings: BucketSettings, what: str) -> None:
    region = Region()
    region.settings = settings
    (result,) = drifts(region)
    assert (result.kind, what in result.what) == ("bucket changed", True)


def test_a_bucket_may_name_its_key_by_the_id_alone() -> None:
    assert drift.of_bucket_settings(OPEN._replace(key="1111"), KEY) == []


@pytest.mark.parametrize("name", ["gateway", "access", "verification"])
def test_what_explains_records_has_to_outlive_them(name: str) -> None:
    region = Region()
    region.groups[f"{GROUPS}{name}"] = GROUP._replace(retention_days=60)
    (short,) = drifts(region)
    assert short == Drift("retention shortened", f"{GROUPS}{name}: 60 days of age, 65 wanted")


@pytest.mark.parametrize("name", ["gateway", "access", "verification", "invocations"])
def test_a_log_group_that_was_deleted(name: str) -> None:
    region = Region()
    del region.groups[f"{GROUPS}{name}"]
    (drift,) = drifts(region)
    assert drift == Drift("retention shortened", f"{GROUPS}{name}: the log group does not exist")


def test_before_the_endpoint_is_deployed_its_log_groups_are_not_missed() -> None:
    region = Region()
    region.stacks = set()
    for name in ("gateway", "access", "authorizer"):
        del region.groups[f"{GROUPS}{name}"]
    assert drifts(region) == []
    del region.groups[f"{GROUPS}verification"]
    assert kinds(drifts(region)) == ["retention shortened"]


def test_a_stage_without_an_authorizer_has_no_log_group_for_it() -> None:
    region = Region()
    del region.groups[f"{GROUPS}authorizer"]
    assert drifts(region) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"protected": False}, "deletion protection is off"),
        ({"key_arn": ""}, "a key of CloudWatch"),
        ({"key_arn": f"{KEY}2"}, "not the stage's"),
        ({"masked": True}, "masks"),
    ],
)
def test_a_log_group_that_is_set_up_otherwise(
    name: str, changes: dict[str, Any], what: str
) -> None:
    region = Region()
    region.groups[f"{GROUPS}{name}"] = GROUP._replace(**changes)
    (result,) = drifts(region)
    assert (result.kind, what in result.what) == ("log_group_drifted", True)
    assert result.what.startswith(f"{GROUPS}{name}: ")


def test_a_stage_that_retains_nothing_protects_nothing() -> None:
    region = Region()
    region.groups = {name: GROUP._replace(protected=False) for name in region.groups}
    assert drifts(region, EXPECTED._replace(protected=False)) == []
    assert kinds(drifts(region)) == ["log_group_drifted"] * len(NAMES)


@pytest.mark.parametrize(
    ("policy", "what"),
    [
        (OF_KEY[:1], "bedrock.amazonaws.com may not use kms:GenerateDataKey"),
        ([*OF_KEY[:2], *OF_KEY[3:]], "logs.eu-west-1.amazonaws.com may not use kms:Encrypt"),
        ([*OF_KEY, {**OF_KEY[1], "Effect": "Deny", "Sid": "No"}], "No may deny"),
        ([*OF_KEY, {**OF_KEY[3], "Action": "kms:*", "Condition": {}}], "statement 5 may deny"),
    ],
)
def test_a_key_whose_policy_shuts_delivery_out(policy: list[Statement], what: str) -> None:
    region = Region()
    region.of_key = policy
    result = drifts(region)
    assert set(kinds(result)) == {"key unusable"}
    assert any(what in item.what for item in result), result


@pytest.mark.parametrize(
    ("trust", "refused", "what"),
    [
        (None, set(), "does not exist"),
        ({**TRUST, "Principal": {"AWS": OTHER}}, set(), "Bedrock may not assume it"),
        ({**TRUST, "Effect": "Deny"}, set(), "may deny sts:AssumeRole"),
        ({**TRUST, "Condition": {"Bool": {"aws:a": "true"}}}, set(), "Bedrock may not assume it"),
        (TRUST, {"logs:PutLogEvents"}, "it may not logs:PutLogEvents"),
        (TRUST, {"s3:PutObject"}, "it may not s3:PutObject"),
        (TRUST, {"kms:GenerateDataKey"}, "it may not kms:GenerateDataKey"),
    ],
)
def test_a_delivery_role_that_no_longer_delivers(
    trust: Statement | None, refused: set[str], what: str
) -> None:
    region = Region()
    region.assumed_by, region.refused = trust, refused
    result = drifts(region)
    assert set(kinds(result)) == {"delivery_role_drifted"}
    assert any(what in item.what for item in result)


@pytest.mark.parametrize("key", [None, Key("Disabled"), Key("PendingDeletion")])
def test_a_key_that_opens_nothing(key: Key | None) -> None:
    assert kinds(drift.of_key(key)) == ["key unusable"]


def test_a_catalog_that_is_behind_the_account_is_reported_with_what_it_lacks() -> None:
    region = Region()
    new = {**region.lists.models[0], "modelId": "anthropic.claude-opus-6", "modelName": "Opus 6"}
    region.lists.models.append(new)
    assert drifts(region) == [
        Drift("catalog_outdated", "anthropic.claude-opus-6: not in the catalog")
    ]


def test_lists_that_aws_refuses_are_reported_and_the_rest_is_checked() -> None:
    region = Region()
    region.lists_denied = True
    region.mode = "default"
    result = drifts(region, EXPECTED._replace(data_retention="none"))
    assert kinds(result) == ["data_retention_loosened", "catalog_outdated"]
    assert result[-1].what == "could not be compared: AccessDeniedException"
