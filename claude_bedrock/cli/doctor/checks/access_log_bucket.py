"""The check of the bucket that the stage names for the log bucket's access log: whether S3 can
deliver there.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import Check, Topic, code_of
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.deployment import NoTargetError
from claude_bedrock.cli.shared.stage_settings import AccessLogLocation, Settings
from claude_bedrock.logging_config.resource_policy import (
    Policy,
    Request,
    is_allowed,
    possible_denials,
)

TOPIC = Topic("access log bucket")
_ACTIONS: Final = (
    "s3:GetBucketLocation, s3:GetEncryptionConfiguration, s3:GetBucketObjectLockConfiguration and "
    "s3:GetBucketPolicy"
)
_PAGE: Final = "docs/security.md#an-access-log-in-a-bucket-of-yours"
_S3_KEYS: Final = "AES256"
_NO_LOCATION: Final = "us-east-1"
"""The Region of a bucket without a location constraint:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html"""


class Destination(NamedTuple):
    """What S3 says of the bucket; `algorithm` is that of its default encryption."""

    region: str
    algorithm: str
    has_object_lock: bool
    policy: Policy


def check(account: Account, settings: Settings) -> list[Check]:
    """Check the bucket, where the stage names one."""
    log = settings.access_log
    if log is None:
        return [TOPIC.skipped("the stage names none")]
    location = log._replace(bucket=log.bucket.replace("${AWS::AccountId}", account.id))
    return [TOPIC.run(_ACTIONS, lambda: _check(account, location))]


def _check(account: Account, log: AccessLogLocation) -> Check:
    s3 = account.client("s3")
    try:
        destination = _destination(s3, log.bucket)
    except ClientError as error:
        if code_of(error) == "NoSuchBucket":
            return TOPIC.failed(
                f"there is no bucket {log.bucket}",
                "correct logging.log_bucket_access_log, or make it",
            )
        raise
    try:
        source = account.deployment.outputs("InvocationLogging")["EvidenceBucketName"]
    except NoTargetError:
        source = None
    return judge(destination, log, source, account=account.id, region=account.region)


def _destination(s3: Any, bucket: str) -> Destination:  # noqa: ANN401 - boto3's client
    region = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") or _NO_LOCATION
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    rule = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    lock = _or_none(s3.get_object_lock_configuration, bucket, "ObjectLockConfigurationNotFound")
    policy = _or_none(s3.get_bucket_policy, bucket, "NoSuchBucketPolicy")
    return Destination(
        region,
        rule["SSEAlgorithm"],
        bool(lock.get("ObjectLockConfiguration")),
        json.loads(policy.get("Policy", "{}")),
    )


def _or_none(ask: Any, bucket: str, missing: str) -> Mapping[str, Any]:  # noqa: ANN401 - boto3's
    """Return the answer; an empty one where S3 says that nothing is set."""
    try:
        answer: Mapping[str, Any] = ask(Bucket=bucket)
    except ClientError as error:
        if not code_of(error).startswith(missing):
            raise
        return {}
    return answer


def judge(
    destination: Destination,
    log: AccessLogLocation,
    source: str | None,
    *,
    account: str,
    region: str,
) -> Check:
    """Judge the bucket for the access log of the bucket `source`; None before the deployment that
    makes that one."""
    if log.bucket == source:
        return TOPIC.failed(
            f"{log.bucket} is the log bucket itself",
            "name another bucket: each line would be logged",
        )
    faults = list(_faults(destination, region))
    if faults:
        return TOPIC.failed(
            f"S3 delivers nothing into {log.bucket}: {'; '.join(faults)}",
            f"name a bucket as {_PAGE} describes it",
        )
    if source is None:
        return TOPIC.skipped(
            f"{log.bucket} can take it; cannot tell of its policy before a deployment names the "
            "log bucket"
        )
    faults = list(_policy_faults(destination.policy, log, source, account))
    if faults:
        return TOPIC.failed(
            f"policy of {log.bucket}: {'; '.join(faults)}",
            "have its owner add the output AccessLogBucketStatement of the InvocationLogging stack",
        )
    return TOPIC.ok(f"S3 may deliver into {log.bucket}/{log.prefix}")


def _faults(destination: Destination, region: str) -> Iterator[str]:
    if destination.region != region:
        yield f"it is in {destination.region}, and the log bucket in {region}"
    if destination.algorithm != _S3_KEYS:
        yield f"it encrypts with {destination.algorithm}, and S3 delivers under its own keys only"
    if destination.has_object_lock:
        yield "it has Object Lock"


def _policy_faults(
    policy: Policy, log: AccessLogLocation, source: str, account: str
) -> Iterator[str]:
    service = "logging.s3.amazonaws.com"
    context = {
        "aws:securetransport": "true",
        "aws:sourcearn": f"arn:aws:s3:::{source}",
        "aws:sourceaccount": account,
        "aws:principalisawsservice": "true",
        "aws:principalservicename": service,
        "aws:principalarn": None,
        "aws:principalorgid": None,
    }
    objects = f"arn:aws:s3:::{log.bucket}/{log.prefix}*"
    request = Request(service, "s3:PutObject", objects, context)
    if not is_allowed(policy, request):
        yield f"{service} may not use s3:PutObject on {log.prefix}* for {source}"
    for name in possible_denials(policy, request):
        yield f"{name} may deny s3:PutObject to {service}"
