"""Alone knows how the record's completeness is verified by the clock, and what that may read."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from stacks.components.iam.permission import Permission
from stacks.components.iam.stage_names import StageNames

EVERY = cdk.Duration.hours(1)
PURPOSE = "Has the record of the last hour verified"
TIMEOUT = cdk.Duration.minutes(15)
# The join of 400,000 calls, which is all that an attempt takes, holds 340 MiB (lambda/verification/
# budget.py): what is left is for what the function itself takes, and for pages on their way.
MEMORY_MB = 1024
AUDIT_LOG = "gateway"
ACCESS_LOG = "access"
LOG_NAME = "verification"
"""The function's own log group: the second place of the hashes of its evidence."""
EVIDENCE = "evidence"


def environment(
    *,
    stage_name: str,
    log_group: str,
    bucket: str,
    configuration: str,
    evidence_bucket: str,
    bounds: str,
    gateway_role: str,
    alarm_topic: str,
    other_callers: Sequence[str],
    retention_days: int,
) -> dict[str, str]:
    """What the function reads. `log_group`, `bucket` and `configuration` (JSON) are the record's;
    `bounds` (JSON) say where the stage's calls may be answered; `gateway_role` is an ARN."""
    return {
        "STAGE": stage_name,
        "LOG_GROUP": log_group,
        "LOG_BUCKET": bucket,
        "LOGGING_CONFIGURATION": configuration,
        "AUDIT_LOG_GROUP": f"/claude-on-bedrock/{stage_name}/{AUDIT_LOG}",
        "ACCESS_LOG_GROUP": f"/claude-on-bedrock/{stage_name}/{ACCESS_LOG}",
        "EVIDENCE_BUCKET": evidence_bucket,
        "BOUNDS": bounds,
        "GATEWAY_ROLE": gateway_role,
        "OTHER_CALLERS": ",".join(other_callers),
        "ALARM_TOPIC": alarm_topic,
        "RETENTION_DAYS": str(retention_days),
        "HASH_LOG_GROUP": f"/claude-on-bedrock/{stage_name}/{LOG_NAME}",
        "POWERTOOLS_SERVICE_NAME": "verification",
        "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    }


def reading(
    names: StageNames,
    *,
    log_group: str,
    bucket_arn: str,
    evidence_bucket_arn: str,
    key_arn: str,
) -> list[Permission]:
    """Both accounts of every call, API Gateway's access log, and evidence to add to. Another's
    key, where the stage has adopted another's logging, has to be opened by its owner."""
    record = names.arn("logs", f"log-group:{log_group}")
    buckets = list(dict.fromkeys((bucket_arn, evidence_bucket_arn)))
    return [
        Permission(
            "RecordsAndAuditLines",
            ("logs:FilterLogEvents",),
            [record, f"{record}:*", *names.logs([AUDIT_LOG, ACCESS_LOG, LOG_NAME])],
            because="streams of a log group are CloudWatch's and Lambda's to name",
        ),
        Permission("ListsRecordsAndEvidence", ("s3:ListBucket",), buckets),
        Permission(
            "ReadsRecordsAndEvidence",
            ("s3:GetObject",),
            [f"{each}/*" for each in buckets],
            because="a record may refer to any object of the bucket, which holds nothing else",
        ),
        Permission(
            "AddsEvidence",
            ("s3:PutObject",),
            [f"{evidence_bucket_arn}/{EVIDENCE}/*"],
            because="a file of evidence is named for its hour; the bucket refuses to overwrite one",
        ),
        Permission(
            "DecryptsRecordsAndEncryptsEvidence",
            ("kms:Decrypt", "kms:GenerateDataKey"),
            [key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": f"s3.{names.stack.region}.amazonaws.com"}
            },
        ),
    ]


def reporting(names: StageNames) -> list[Permission]:
    """The daily report to the alarm topic. The topic and its key are of a later stack:
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"""
    topic = alarm_topic_arn(names)
    return [
        Permission("SendsTheDailyReport", ("sns:Publish",), [topic]),
        Permission(
            "EncryptsTheDailyReport",
            ("kms:GenerateDataKey", "kms:Decrypt"),
            [names.arn("kms", "key/*")],
            because="the alarm topic's key is made by a later stack; SNS names the topic whose "
            "messages it encrypts in the encryption context, and only this one's is allowed",
            conditions={
                "StringEquals": {
                    "kms:ViaService": f"sns.{names.stack.region}.amazonaws.com",
                    "kms:EncryptionContext:aws:sns:topicArn": topic,
                }
            },
        ),
    ]


def alarm_topic_arn(names: StageNames) -> str:
    """That of the topic that stacks/observability.py makes."""
    return names.arn("sns", f"claude-on-bedrock-{names.stage}-alarms")


def written_once(bucket: s3.IBucket) -> iam.PolicyStatement:
    """For the bucket's policy: nobody overwrites evidence, whatever else they may do.

    A copy and the parts of a large upload cannot say the condition, and are refused too:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    return iam.PolicyStatement(
        sid="EvidenceIsWrittenOnce",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["s3:PutObject"],
        resources=[bucket.arn_for_objects(f"{EVIDENCE}/*")],
        conditions={"Null": {"s3:if-none-match": "true"}},
    )
