"""Who can read prompts is by the roles' policies, who did by CloudTrail's events of the bucket."""

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from claude_bedrock.cli.audit import readers
from claude_bedrock.cli.audit.deployed_versions import functions_of
from claude_bedrock.cli.audit.key_owners import KeyOwner, collect_key_owners
from claude_bedrock.cli.audit.readers import Access, RecordReaders
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.verification.period import Period
from tests.unit.cli.audit.made_up import report
from tests.verification.buckets import MemoryS3

GROUP, BUCKET, LOG_BUCKET = "/claude-on-bedrock/prod/invocations", "records", "accesses"
LOG_GROUP = f"arn:aws:logs:eu-central-1:1:log-group:{GROUP}"
LOGS = f"{LOG_GROUP}:*"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOT_IAM = {"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}
NOT_S3 = {"Statement": {"Effect": "Allow", "NotAction": ["S3:*"], "Resource": "*"}}
NOT_RECORDS = {
    "Statement": {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::public/*"}
}
WINDOW = Period(NOW - timedelta(days=3), NOW, timedelta(hours=1), NOW)


def policy(action: str, resource: str, effect: str = "Allow", **more: object) -> dict[str, Any]:
    return {"Statement": {"Effect": effect, "Action": action, "Resource": resource, **more}}


@pytest.mark.parametrize(
    ("documents", "reads"),
    [
        ([], ()),
        ([policy("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*")], ("bucket",)),
        ([policy("s3:Get*", "arn:aws-cn:s3:::*")], ("bucket",)),
        ([policy("s3:GetObject", f"arn:aws:s3:::{BUCKET}/evidence/*")], ()),
        ([policy("s3:ListBucket", f"arn:aws:s3:::{BUCKET}")], ()),
        ([policy("s3:GetObject", "arn:aws:s3:::another/*")], ()),
        ([policy("logs:FilterLogEvents", LOGS)], ("log group",)),
        ([policy("logs:startquery", LOGS.replace("invocations", "*"))], ("log group",)),
        ([policy("logs:FilterLogEvents", LOG_GROUP)], ("log group",)),
        ([policy("logs:FilterLogEvents", LOGS.replace("eu-central-1", "eu-west-1"))], ()),
        ([policy("logs:GetLogEvents", LOGS.replace("invocations", "gateway"))], ()),
        ([policy("*", "*")], ("log group", "bucket")),
        ([NOT_IAM], ("log group", "bucket")),
        ([NOT_S3], ("log group",)),
        ([policy("s3:*", "*"), NOT_RECORDS], ()),
        (
            [
                policy("*", "*"),
                policy("s3:GetObject*", f"arn:aws:s3:::{BUCKET}/*", "Deny"),
            ],
            ("log group",),
        ),
        (
            [
                policy("s3:GetObject", "*"),
                policy("s3:*", "*", "Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
            ],
            ("bucket",),
        ),
    ],
)
def test_a_role_can_read_what_its_policies_allow(
    documents: list[dict[str, Any]], reads: tuple[str, ...]
) -> None:
    assert readers.readable(documents, LOG_GROUP, BUCKET) == reads


def event(key: str, *, arn: str = "anna", at: str = "2026-11-24T10:00:00Z", **more: object) -> Any:  # noqa: ANN401
    request = {"bucketName": BUCKET, "key": key}
    return {
        "eventName": "GetObject",
        "eventTime": at,
        "userIdentity": {"arn": arn},
        "requestParameters": request,
        **more,
    }


def copied(source: str, name: str = "CopyObject") -> Any:  # noqa: ANN401
    request = {"bucketName": "elsewhere", "key": "copy", "x-amz-copy-source": source}
    return event("", arn="cleo", eventName=name, requestParameters=request)


OUTPUTS = {
    "LogBucketName": BUCKET,
    "AccessLogBucketName": LOG_BUCKET,
    "KeyArn": "arn:aws:kms:eu-central-1:123456789012:key/k",
}


class Stage(Deployment):
    """A stage whose access log is in memory."""

    s3: MemoryS3

    def client(self, _service: str) -> Any:  # noqa: ANN401
        return self.s3

    def resources(self, _stack: str, _kind: str) -> set[str]:
        return {"RecordAccessLogTrail", "claude-on-bedrock-prod-eu-central-1"}


def accesses(events: list[Any], day: str = "2026/11/24") -> RecordReaders:
    stage = Stage("prod", "eu-central-1", None)
    stage.s3 = MemoryS3()
    name = f"AWSLogs/1/CloudTrail/eu-central-1/{day}/1_CloudTrail_x.json.gz"
    stage.s3.objects[name] = gzip.compress(json.dumps({"Records": events}).encode())
    stage.s3.objects["AWSLogs/1/CloudTrail-Digest/eu-central-1/2026/11/24/d.json.gz"] = b"no file"
    return readers._with_accesses(RecordReaders(), stage, OUTPUTS, WINDOW)


def test_reads_of_prompts_are_counted_for_each_principal() -> None:
    result = accesses(
        [
            event("AWSLogs/1/x.json.gz", at="2026-11-24T11:00:00Z"),
            event("large-data/y", at="2026-11-24T09:00:00Z"),
            event("AWSLogs/1/x.json.gz", arn="ben"),
            event("evidence/hours/1.jsonl"),
            event("AWSLogs/1/x.json.gz", errorCode="AccessDenied"),
            event("AWSLogs/1/x.json.gz", at="2026-11-20T11:00:00Z"),
            event("AWSLogs/1/x.json.gz", eventName="PutObject", arn="bedrock"),
            event("AWSLogs/1/x.json.gz", requestParameters={"bucketName": "b", "key": "AWSLogs/"}),
            event("AWSLogs/1/x.json.gz", requestParameters=None),
            copied("records/AWSLogs/1/x%20y.json.gz"),
            copied("/records/large-data/y", "UploadPartCopy"),
            copied("other/AWSLogs/1/x.json.gz"),
        ]
    )

    assert result.accesses == [
        Access("anna", 2, "2026-11-24T09:00:00Z", "2026-11-24T11:00:00Z"),
        Access("cleo", 2, "2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"),
        Access("ben", 1, "2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"),
    ]
    assert result.is_known
    assert "those of the log group are not assessed" in result.note
    assert "were not compared with CloudTrail's digest files" in result.note
    assert result.note.count(":trail/RecordAccessLogTrail ") == 1
    assert ":trail/claude-on-bedrock" not in result.note


def test_without_a_file_of_cloudtrail_reads_are_not_assessed() -> None:
    result = accesses([event("AWSLogs/1/x")], day="2026/11/01")

    assert (result.accesses, result.is_known) == ((), False)
    assert "no file of CloudTrail" in result.note


def test_more_files_than_are_read_leave_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MOST_FILES", 0)

    result = accesses([event("AWSLogs/1/x")])

    assert not result.is_known
    assert "there are more" in result.note


SETTINGS = report().settings


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip",
        gzip.compress(b"no JSON"),
        gzip.compress(b"[]"),
        gzip.compress(b'{"Records": ["no event"]}'),
        gzip.compress(json.dumps({"Records": [event("AWSLogs/x", at="soon")]}).encode()),
        gzip.compress(json.dumps({"Records": [event("AWSLogs/x", at="2026-11-24")]}).encode()),
    ],
)
def test_a_file_that_cannot_be_read_leaves_it_open(content: bytes) -> None:
    stage = Stage("prod", "eu-central-1", None)
    stage.s3 = MemoryS3()
    stage.s3.objects["AWSLogs/1/CloudTrail/eu-central-1/2026/11/24/x.json.gz"] = content

    result = readers._with_accesses(RecordReaders(), stage, OUTPUTS, WINDOW)

    assert not result.is_known
    assert result.note.startswith("Files of CloudTrail that cannot be read: 1. ")


class KeyStage(Deployment):
    """A stage with two keys, or whose keys are denied."""

    denied: bool = False

    def outputs(self, _stack: str) -> Mapping[str, str]:
        return {"UsagePlanIds": "{}", "ApiKeyIds": "{}"}

    def client(self, _service: str) -> Any:  # noqa: ANN401
        return self

    def get_paginator(self, _name: str) -> Any:  # noqa: ANN401
        return self

    def paginate(self, **asked: object) -> list[Any]:
        assert asked["includeValues"] is False
        if self.denied:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetApiKeys")
        made = {"id": "1", "createdDate": NOW - timedelta(days=9), "value": "secret"}
        prefix = "claude-on-bedrock-prod-"
        return [
            {
                "items": [
                    {**made, "name": f"{prefix}search.web", "enabled": True},
                    {**made, "name": f"{prefix}solo", "enabled": False},
                ]
            }
        ]


def test_keys_have_owner_and_last_rotation_and_no_value() -> None:
    owners = collect_key_owners(KeyStage("prod", "eu-central-1", None), SETTINGS, NOW)

    assert owners.keys == (
        KeyOwner("search.web", "search", "default", "2026-11-16T12:00:00Z", "in force"),
        KeyOwner("solo", "", "default", "2026-11-16T12:00:00Z", "off"),
    )
    assert "secret" not in str(owners.as_data())


def test_keys_that_aws_withholds_are_not_assessed() -> None:
    stage = KeyStage("prod", "eu-central-1", None)
    stage.denied = True

    owners = collect_key_owners(stage, SETTINGS, NOW)

    assert owners.keys == ()
    assert owners.note.startswith("Not assessed: AWS denies")
    without = collect_key_owners(stage, SETTINGS._replace(has_endpoint=False), NOW)
    assert without.note == "The stage has no endpoint, and so no keys."


def test_functions_are_those_of_the_template_with_their_zips() -> None:
    template = {
        "Resources": {
            "B": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": "b.zip"}}},
            "A": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "x"}}},
            "C": {"Type": "AWS::S3::Bucket"},
        }
    }

    assert list(functions_of(template)) == [("A", ""), ("B", "b.zip")]
