"""Alone knows when the endpoint is called to see whether it is recorded, and what that takes."""

from __future__ import annotations

import aws_cdk as cdk

from stacks.components.iam.permission import Permission
from stacks.components.iam.stage_names import StageNames

EVERY = cdk.Duration.hours(1)
PURPOSE = "Has the endpoint called, and the calls looked for in the record"
# Two calls of a minute at most, and looks over ten minutes.
TIMEOUT = cdk.Duration.minutes(15)


def environment(
    *,
    stage_name: str,
    model: str,
    url: str,
    key_id: str,
    log_group: str,
    bucket: str,
    configuration: str,
) -> dict[str, str]:
    """What the function reads. `key_id` is empty where callers sign; `log_group`, `bucket` and
    `configuration` (JSON) are the record's."""
    return {
        "STAGE": stage_name,
        "MODEL": model,
        "ENDPOINT_URL": url,
        "API_KEY_ID": key_id,
        "LOG_GROUP": log_group,
        "LOG_BUCKET": bucket,
        "LOGGING_CONFIGURATION": configuration,
        "POWERTOOLS_SERVICE_NAME": "canary",
        "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    }


def by_key(names: StageNames, key_id: str) -> Permission:
    """Nothing of ours stores a key's value: it is asked for at each run, of one key."""
    return Permission("ReadsItsOwnKey", ("apigateway:GET",), [names.api(f"/apikeys/{key_id}")])


def by_signature(method_arn: str) -> Permission:
    """The one method that it calls."""
    return Permission("CallsTheEndpoint", ("execute-api:Invoke",), [method_arn])


def finding_again(
    names: StageNames, *, log_group: str, bucket_arn: str, key_arn: str
) -> list[Permission]:
    """The record, in which its own calls are among all others. Another's key, where the stage has
    adopted another's logging, has to be opened by its owner."""
    record = names.arn("logs", f"log-group:{log_group}")
    return [
        Permission(
            "Records",
            ("logs:FilterLogEvents",),
            [record, f"{record}:*"],
            because="streams of a log group are CloudWatch's and Bedrock's to name",
        ),
        Permission("ListsRecords", ("s3:ListBucket",), [bucket_arn]),
        Permission(
            "ReadsRecords",
            ("s3:GetObject",),
            [f"{bucket_arn}/*"],
            because="a record may refer to any object of the bucket, which holds nothing else",
        ),
        Permission(
            "DecryptsRecords",
            ("kms:Decrypt",),
            [key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": f"s3.{names.stack.region}.amazonaws.com"}
            },
        ),
    ]
