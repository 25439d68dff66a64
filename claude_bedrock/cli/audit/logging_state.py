"""The state of invocation logging against the stage's settings, and the protection of its
destinations.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.statement import Judgment, Statement, pass_if, stated
from claude_bedrock.cli.doctor.check import code_of
from claude_bedrock.cli.doctor.checks import invocation_logging
from claude_bedrock.cli.doctor.checks.invocation_logging import DATA_TYPES

_ACTION = "bedrock:GetModelInvocationLoggingConfiguration"


class Logging(NamedTuple):
    """`configuration` is what Bedrock says now: dotted name -> value."""

    configuration: Mapping[str, str]
    statements: tuple[Statement, ...]


def collect_logging(deployment: RecordingDeployment, outputs: Mapping[str, str]) -> Logging:
    """Return the state of invocation logging; `outputs` are those of the InvocationLogging
    stack."""
    seen: dict[str, Any] = {}

    def now() -> Judgment:
        bedrock = deployment.client("bedrock")
        answer = bedrock.get_model_invocation_logging_configuration()
        seen.update(answer.get("loggingConfig") or {})
        expected = invocation_logging.desired(outputs)
        check = invocation_logging.judge(seen, expected, deployment.region)
        return pass_if(check.outcome == "ok", f"{check.found[:1].upper()}{check.found[1:]}.")

    on = stated(
        deployment,
        "logging-on",
        "Invocation logging is on now, as the stage set or adopted it",
        _ACTION,
        now,
    )
    return Logging(
        {name: _cell_text(value) for name, value in sorted(_flat(seen))},
        (on, _data_types(on, seen), *_destination_statements(deployment, outputs)),
    )


def _data_types(on: Statement, seen: Mapping[str, Any]) -> Statement:
    """Return the statement on the data types, by the answer that `on` rests on."""
    absent = [kind for kind in DATA_TYPES if not seen.get(f"{kind}DataDeliveryEnabled")]
    judgment = (
        Judgment("not assessed", on.words)
        if on.verdict == "not assessed"
        else pass_if(
            not absent,
            f"Not delivered: {', '.join(absent)}."
            if absent
            else f"Delivered: {', '.join(DATA_TYPES)}.",
        )
    )
    claim = "Logging delivers text, image, embedding, video and audio data now"
    return Statement("data-types", claim, *judgment, on.answers)


def _destination_statements(
    deployment: RecordingDeployment, outputs: Mapping[str, str]
) -> Iterator[Statement]:
    group, bucket, key = (outputs[name] for name in ("LogGroupName", "LogBucketName", "KeyArn"))
    yield stated(
        deployment,
        "encrypted",
        "Log group and bucket of the records name the stage's KMS key now",
        "logs:DescribeLogGroups and s3:GetEncryptionConfiguration",
        lambda: judge_encrypted(_keys(deployment, group, bucket), key),
    )
    yield stated(
        deployment,
        "key-rotates",
        "KMS rotates that key automatically",
        "kms:GetKeyRotationStatus",
        lambda: _rotates(deployment.client("kms").get_key_rotation_status(KeyId=key)),
    )
    yield stated(
        deployment,
        "bucket-closed",
        "The public access block of the records' bucket is complete now",
        "s3:GetBucketPublicAccessBlock",
        lambda: _closed(_public_access_block(deployment, bucket)),
    )


def _keys(deployment: RecordingDeployment, group: str, bucket: str) -> Mapping[str, str]:
    """Place -> the key it is encrypted with; empty for AWS's own."""
    groups = deployment.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    rules = deployment.client("s3").get_bucket_encryption(Bucket=bucket)
    (rule, *_) = rules["ServerSideEncryptionConfiguration"]["Rules"]
    return {
        **{group["logGroupName"]: group.get("kmsKeyId", "") for group in groups[:1]},
        f"s3://{bucket}": rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID", ""),
    }


def judge_encrypted(keys: Mapping[str, str], expected: str) -> Judgment:
    others = [destination for destination, key in keys.items() if not _same(key, expected)]
    if others or len(keys) < 2:
        return Judgment(
            "fail", f"Not with {expected}: {', '.join(others) or 'a destination is absent'}."
        )
    return Judgment("pass", f"{' and '.join(keys)}, with {expected}.")


def _same(key: str, expected: str) -> bool:
    """Return whether both name one key: a bucket may name its key by the id alone."""
    return bool(key) and key.rpartition("/")[2] == expected.rpartition("/")[2]


def _rotates(answer: Mapping[str, Any]) -> Judgment:
    if not answer["KeyRotationEnabled"]:
        return Judgment("fail", "Rotation is off.")
    days = answer.get("RotationPeriodInDays")
    return Judgment("pass", f"Every {days} days." if days else "Rotation is on.")


def _public_access_block(deployment: RecordingDeployment, bucket: str) -> Mapping[str, bool]:
    """Empty where there is none."""
    try:
        answer = deployment.client("s3").get_public_access_block(Bucket=bucket)
    except ClientError as error:
        if code_of(error) == "NoSuchPublicAccessBlockConfiguration":
            return {}
        raise
    settings: dict[str, bool] = answer["PublicAccessBlockConfiguration"]
    return settings


def _closed(block: Mapping[str, bool]) -> Judgment:
    """Judge the public access block:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    off = [name for name in names if not block.get(name)]
    if off:
        return Judgment("fail", f"Off: {', '.join(off)}.")
    return Judgment("pass", "All four settings of its public access block are on.")


def _cell_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _flat(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _flat(inner, f"{path}{name}.")
        else:
            yield f"{path}{name}", inner
