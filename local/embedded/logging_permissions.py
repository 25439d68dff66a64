"""Bedrock's check of the destinations of invocation logging, when the configuration is set: that
they are there, and that Bedrock may write to them.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
The words on a log group are Bedrock's: https://github.com/alphagov/govuk-infrastructure/pull/2440.
Those on a bucket are not public, and are made after them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ministack.core.responses import get_account_id, get_region  # type: ignore[import-untyped]
from ministack.services import cloudwatch_logs, s3  # type: ignore[import-untyped]

from local.bedrock.destinations import S3Destination
from local.bedrock.log_destinations import SERVICE, SESSION, STREAM, source
from local.bedrock.records import canary_key
from local.embedded import authorization
from local.embedded.decisions import Request
from local.embedded.reply import Call, Reply, Service, refused

SET: Final = ("PUT", "/logging/modelinvocations")
_BEDROCK: Final = {"service": SERVICE}
_WRITES: Final = ("logs:CreateLogStream", "logs:PutLogEvents")

Json = Mapping[str, Any]


def before(service: Service) -> Service:
    """Return the control plane, which refuses destinations that Bedrock may not write to."""

    async def handle(call: Call) -> Reply:
        if (call.method, call.path) == SET:
            config = call.content().get("loggingConfig") or {}
            if fault := next(_faults(config), None):
                return refused("ValidationException", fault)
        return await service(call)

    return handle


def _faults(config: Json) -> Iterator[str]:
    logs = config.get("cloudWatchConfig") or {}
    if logs and not _may_write_events(logs.get("logGroupName", ""), logs.get("roleArn", "")):
        yield log_group_fault(logs)
    for destination in (config.get("s3Config"), logs.get("largeDataDeliveryS3Config")):
        if destination and not _may_write_objects(destination):
            yield (
                f"Failed to validate permissions for S3 bucket: {destination.get('bucketName')}. "
                "Verify the bucket policy is correct."
            )


def log_group_fault(logs: Json) -> str:
    """Return what Bedrock says of a log group, or of a role, that it cannot use."""
    return (
        f"Failed to validate permissions for log group: {logs.get('logGroupName')}, with role: "
        f"{logs.get('roleArn')}. Verify the IAM role permissions are correct."
    )


def _may_write_events(group: str, role: str) -> bool:
    key_id = authorization.session_of(SERVICE, role, SESSION, _source())
    if group not in cloudwatch_logs._log_groups or key_id is None:
        return False
    stream = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:log-stream:"
    requests = [Request(action, stream + STREAM, get_region(), {}) for action in _WRITES]
    caller = {"accessKeyId": key_id}
    return all(authorization.decide(caller, request) is None for request in requests)


def _may_write_objects(destination: Json) -> bool:
    bucket, prefix = destination.get("bucketName", ""), destination.get("keyPrefix", "")
    key = canary_key(S3Destination(bucket, prefix), get_account_id(), get_region())
    request = Request("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", get_region(), _source())
    return bucket in s3._buckets and authorization.decide(_BEDROCK, request) is None


def _source() -> Json:
    return source(get_account_id(), get_region())
