"""Where the stage says so, records are locked, and who reads them is written down."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from claude_bedrock.retention import bucket
from claude_bedrock.retention.result import suffices
from tests.infrastructure.rendering import text, texts
from tests.infrastructure.retained import _bucket
from tools.docs.pages import blocks, read
from tools.synthesis import Synthesis, synthesize

STACK = "InvocationLogging"
DAY = dt.date(2026, 11, 25)


def buckets(synthesis: Synthesis) -> tuple[Any, Any]:
    """That of the record, and that of the log of accesses to it."""
    buckets = {resource.id: resource for resource in synthesis.resources(STACK, "AWS::S3::Bucket")}
    (access,) = [bucket_ for name, bucket_ in buckets.items() if name.startswith("RecordAccess")]
    (record,) = [bucket_ for name, bucket_ in buckets.items() if name != access.id]
    return record, access


LAWYERS = "arn:aws:iam::123456789012:role/lawyers"


def policy_of(synthesis: Synthesis, bucket_id: str) -> list[dict[str, Any]]:
    (policy,) = [
        resource
        for resource in synthesis.resources(STACK, "AWS::S3::BucketPolicy")
        if text(resource.properties["Bucket"]) == f"<{bucket_id}>"
    ]
    statements: list[dict[str, Any]] = policy.properties["PolicyDocument"]["Statement"]
    return statements


def test_locked_records_and_s3s_own_lines(tmp_path: Path) -> None:
    synthesis = synthesize(
        "prod",
        tmp_path,
        object_lock="compliance",
        canary="claude-haiku-4-5",
        record_access_log="server_access_log",
        roles={"legal_hold": {"principals": [LAWYERS]}},
    )

    record, access = buckets(synthesis)

    lock = _bucket(record.properties).lock
    assert lock is not None
    assert (lock.mode, lock.days) == ("COMPLIANCE", 60)
    logged = {
        name: text(value) for name, value in record.properties["LoggingConfiguration"].items()
    }
    assert logged == {"DestinationBucketName": f"<{access.id}>", "LogFilePrefix": "access/"}
    (allowed,) = [
        statement for statement in policy_of(synthesis, access.id) if statement["Effect"] == "Allow"
    ]
    assert allowed["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert texts(allowed["Resource"]) == [f"<{access.id}.Arn>/access/*"]
    assert text(allowed["Condition"]["ArnLike"]["aws:SourceArn"]) == f"<{record.id}.Arn>"
    _check_retained(synthesis, access)
    _is_neither_deleted_nor_unlocked(synthesis)
    _is_held_by_one_role(synthesis, record.id)


def test_data_events_of_the_records_objects_and_of_nothing_else(tmp_path: Path) -> None:
    synthesis = synthesize(
        "prod",
        tmp_path,
        record_access_log="data_events",
        log_bucket_access_log={"bucket": "logs-${AWS::AccountId}", "prefix": "claude/"},
        roles={"deploy": {"principals": [LAWYERS]}},
    )

    record, access = buckets(synthesis)

    assert "ObjectLockConfiguration" not in record.properties
    _is_written_by_the_trail_only(synthesis, access.id)
    trail = synthesis.only(STACK, "AWS::CloudTrail::Trail").properties
    assert text(trail["S3BucketName"]) == f"<{access.id}>"
    assert trail["EnableLogFileValidation"] is True
    (selector,) = trail["EventSelectors"]
    assert (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("All", False)
    (resource,) = selector["DataResources"]
    assert resource["Type"] == "AWS::S3::Object"
    assert texts(resource["Values"]) == [f"<{record.id}.Arn>/"]
    _delivers_lines_into_a_bucket_that_exists(synthesis, record)
    _check_retained(synthesis, access)


def _delivers_lines_into_a_bucket_that_exists(
    synthesis: Synthesis,
    record: Any,  # noqa: ANN401 - a resource
) -> None:
    logged = {
        name: text(value) for name, value in record.properties["LoggingConfiguration"].items()
    }
    assert logged == {"DestinationBucketName": "logs-123456789012", "LogFilePrefix": "claude/"}
    outputs = synthesis.template(STACK)["Outputs"]
    statement = json.loads(text(outputs["AccessLogBucketStatement"]["Value"]))
    assert statement["Resource"] == "arn:aws:s3:::logs-123456789012/claude/*"
    assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": f"<{record.id}.Arn>"}
    (page,) = [block for block in blocks(read("docs/security.md")) if "AllowS3Access" in block]
    of_page = json.loads(page[7:-3])
    assert {**of_page, "Resource": 0, "Condition": 0} == {
        **statement,
        "Resource": 0,
        "Condition": 0,
    }
    assert {key: [*test] for key, test in of_page["Condition"].items()} == {
        key: [*test] for key, test in statement["Condition"].items()
    }
    readers = [
        resource.id
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        for resource in synthesis.resources("ModelAccess", kind)
        for granted in resource.properties["PolicyDocument"]["Statement"]
        if granted.get("Sid") == "ReadAccessLogBucket"
    ]
    assert sorted(name[:6] for name in readers) == ["Deploy", "Operat"]


def _check_retained(synthesis: Synthesis, access: Any) -> None:  # noqa: ANN401 - a resource
    properties = access.properties
    assert access.rest["DeletionPolicy"] == "RetainExceptOnCreate"
    assert suffices(bucket.retention_of(_bucket(properties), "", DAY), 60)
    assert suffices(bucket.retention_of_deleted(_bucket(properties), "", DAY), 60)
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    reading = [
        statement
        for policy in synthesis.resources("ModelAccess", "AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if statement.get("Sid") in ("ReadAccessLogBucketSettings", "ReadAccessLogs")
    ]
    assert len(reading) == 2
    changing = {action for statement in reading for action in texts(statement["Action"])}
    assert not {action for action in changing if not action.startswith(("s3:Get", "s3:List"))}
    assert synthesis.report()["pluginReports"][0]["violations"] == []


def _is_written_by_the_trail_only(synthesis: Synthesis, bucket_id: str) -> None:
    allowed = [
        statement for statement in policy_of(synthesis, bucket_id) if statement["Effect"] == "Allow"
    ]
    assert {statement["Principal"]["Service"] for statement in allowed} == {
        "cloudtrail.amazonaws.com"
    }
    actions = {action for statement in allowed for action in texts(statement["Action"])}
    assert actions == {"s3:GetBucketAcl", "s3:PutObject"}
    trails = f"arn:aws:cloudtrail:{synthesis.settings.region}:123456789012:trail/*"
    assert {text(statement["Condition"]["ArnLike"]["aws:SourceArn"]) for statement in allowed} == {
        trails
    }


def _is_held_by_one_role(synthesis: Synthesis, bucket_id: str) -> None:
    """Its own policy allows it, the bucket's denies it to all others, and the verifier has none."""
    holders = {
        resource.id
        for resource in synthesis.everything()
        for statement in resource.properties.get("PolicyDocument", {}).get("Statement", [])
        if statement["Effect"] == "Allow" and "s3:PutObjectLegalHold" in texts(statement["Action"])
    }
    (holder,) = [
        resource
        for resource in synthesis.resources("ModelAccess", "AWS::IAM::Role")
        if resource.properties["RoleName"].endswith("-legal-hold")
    ]
    assert [name.startswith(holder.id.removesuffix(holder.id[-8:])) for name in holders] == [True]
    (trusted,) = holder.properties["AssumeRolePolicyDocument"]["Statement"]
    assert texts(trusted["Principal"]["AWS"]) == [LAWYERS]
    (denial,) = [
        statement
        for statement in policy_of(synthesis, bucket_id)
        if statement.get("Sid") == "DenyOtherLegalHolds"
    ]
    arn = text(denial["Condition"]["ArnNotEquals"]["aws:PrincipalArn"])
    assert arn.endswith(f":role/{holder.properties['RoleName']}")
    assert (denial["Action"], denial["Principal"]) == ("s3:PutObjectLegalHold", {"AWS": "*"})


def _is_neither_deleted_nor_unlocked(synthesis: Synthesis) -> None:
    """Neither by its version, nor past a lock, nor by another lock or rule."""
    forbidden = {
        *("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"),
        *("s3:PutObjectRetention", "s3:PutBucketObjectLockConfiguration"),
        "s3:PutLifecycleConfiguration",
    }
    for resource in synthesis.everything():
        for statement in resource.properties.get("PolicyDocument", {}).get("Statement", []):
            if statement["Effect"] == "Allow":
                assert not forbidden & set(texts(statement["Action"])), resource.id
