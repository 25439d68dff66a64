"""Further IAM decisions beside the request itself: the key behind a bucket or log group, a passed
role.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from collections.abc import Callable
from typing import Any, Final

from ministack.core import iam_evaluator  # type: ignore[import-untyped]
from ministack.services import cloudwatch_logs, dynamodb, s3  # type: ignore[import-untyped]

from local.embedded.decisions import (
    Denial,
    Request,
    decide_for_key,
    decide_for_service,
    decide_for_state,
)
from local.embedded.request_context import PASSED_ROLE, Context

_OBJECT_ACTIONS: Final = {
    "s3:PutObject": "kms:GenerateDataKey",
    "s3:GetObject": "kms:Decrypt",
    "s3:GetObjectVersion": "kms:Decrypt",
}
_EVENT_ACTIONS: Final = {
    "logs:PutLogEvents": "kms:GenerateDataKey",
    "logs:FilterLogEvents": "kms:Decrypt",
    "logs:GetLogEvents": "kms:Decrypt",
}
_ITEM_ACTIONS: Final = ("dynamodb:UpdateItem", "dynamodb:Scan")
"""What the project does with items; DynamoDB decrypts the table's own key for each in the caller's
name: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"""
_TLS: Final = "1.3"
_CHECKSUM_MODE: Final = "x-amz-checksum-mode"

Enforce = Callable[..., Any]


def add() -> None:
    """Put it in; before MiniStack starts."""
    iam_evaluator.enforce = _with_more(iam_evaluator.enforce)


def _with_more(original: Enforce) -> Enforce:
    def enforce(
        access_key_id: str,
        action: str,
        service: str,
        region: str,
        *,
        resource_arn: str = "*",
        service_context: Context | None = None,
    ) -> Any:  # noqa: ANN401 - MiniStack's own
        context = dict(service_context or {})
        passed = context.pop(PASSED_ROLE, None)
        if service == "s3" and iam_evaluator._request_origin.get()[1]:
            context["s3:TlsVersion"] = _TLS
        denied = original(
            access_key_id,
            action,
            service,
            region,
            resource_arn=resource_arn,
            service_context=context,
        )
        if denied:
            return denied
        request = Request(action, resource_arn, region, context)
        denial = _role_denial(access_key_id, passed, request) if passed else None
        return _auth_error(denial or _key_denial(access_key_id, request))

    return enforce


def _auth_error(denial: Denial | None) -> Any:  # noqa: ANN401 - MiniStack's own
    """MiniStack passes the message of a failed authentication on as it is."""
    return iam_evaluator.AuthError(*denial) if denial else None


def _role_denial(access_key_id: str, passed: tuple[str, str], request: Request) -> Denial | None:
    role, service = passed
    context = {"iam:PassedToService": service}
    return decide_for_key(access_key_id, Request("iam:PassRole", role, request.region, context))


def _key_denial(access_key_id: str, request: Request) -> Denial | None:
    if request.action in _OBJECT_ACTIONS:
        return _object_key_denial(access_key_id, request)
    if request.action in _EVENT_ACTIONS:
        return _log_key_denial(request)
    if request.action in _ITEM_ACTIONS:
        return _table_key_denial(access_key_id, request)
    return None


def _object_key_denial(access_key_id: str, request: Request) -> Denial | None:
    """S3 uses the key in the caller's name. HeadObject needs it for the checksum alone:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"""
    signed = iam_evaluator._signed_request.get()
    if signed is not None and signed.method == "HEAD" and _CHECKSUM_MODE not in signed.headers:
        return None
    bucket = request.resource.rpartition(":")[2].partition("/")[0]
    key = bucket_key(bucket)
    if key is None:
        return None
    context = {
        "kms:ViaService": f"s3.{request.region}.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}",
    }
    key_request = Request(_OBJECT_ACTIONS[request.action], key, request.region, context)
    return decide_for_state(key) or decide_for_key(access_key_id, key_request)


def _table_key_denial(access_key_id: str, request: Request) -> Denial | None:
    table = dynamodb._tables.get(request.resource.rpartition("/")[2]) or {}
    key = (table.get("SSEDescription") or {}).get("KMSMasterKeyArn")
    if key is None:
        return None
    context = {"kms:ViaService": f"dynamodb.{request.region}.amazonaws.com"}
    return decide_for_state(key) or decide_for_key(
        access_key_id, Request("kms:Decrypt", key, request.region, context)
    )


def bucket_key(bucket: str) -> str | None:
    """Return the ARN of the KMS key that a bucket encrypts with, None if it needs none."""
    name = "x-amz-server-side-encryption-aws-kms-key-id"
    key: str | None = s3._bucket_default_sse_headers(bucket).get(name)
    return key


def _log_key_denial(request: Request) -> Denial | None:
    """CloudWatch Logs uses the key in its own name."""
    arn, _, name = request.resource.partition(":log-group:")
    group = name.partition(":")[0]
    record = cloudwatch_logs._log_groups.get(group) or {}
    if not record.get("kmsKeyId"):
        return None
    context = {"kms:EncryptionContext:aws:logs:arn": f"{arn}:log-group:{group}"}
    key_request = Request(
        _EVENT_ACTIONS[request.action], record["kmsKeyId"], request.region, context
    )
    return decide_for_service(f"logs.{request.region}.amazonaws.com", key_request)
