"""The retention of a deployed stage's record, from AWS's settings of the locations it is stored
in."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final, Literal, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.cli.doctor.check import DENIED, WITHHELD, code_of
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.retention import bucket, key, log_group
from claude_bedrock.retention.key import Key
from claude_bedrock.retention.locations import (
    AUDIT_LOGS,
    EVIDENCE,
    StorageLocation,
    storage_locations,
)
from claude_bedrock.retention.log_group import AUDIT_MARGIN_DAYS, LogGroup
from claude_bedrock.retention.parse_aws import Answer, fetch_bucket, read_key, read_log_group
from claude_bedrock.retention.result import RetentionResult, absent, suffices

ALWAYS: Final = ("invocations", *AUDIT_LOGS)
AT_TIMES: Final = ("authorizer",)
"""The log groups of every stage with an endpoint, and of those that hold keys."""
OF_ENDPOINT: Final = ("gateway", "access")
"""Those of ALWAYS that a stage without an endpoint has only if it once had one."""

_BUCKET: Final = (
    "s3:GetLifecycleConfiguration, s3:GetBucketVersioning and s3:GetBucketObjectLockConfiguration"
)
_NO_BUCKET: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
_NO_GROUP: Final = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html"
_NO_KEY: Final = "https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html"

Outcome = Literal["ok", "too short", "unknown"]


class Destination(NamedTuple):
    """A location, and what it retains of a day; `retention` is None where AWS gave no answer, and
    `unknown` then says why, and what to do. `extra_days` is how much longer than the stage's
    number it has to be kept: what explains records has to outlive them."""

    name: str
    retention: RetentionResult | None
    unknown: str = ""
    extra_days: int = 0

    def outcome(self, days: int) -> Outcome:
        """Compare the retention with the stage's number of `days`."""
        if self.retention is None:
            return "unknown"
        return "ok" if suffices(self.retention, days + self.extra_days) else "too short"


def list_locations(deployment: Deployment, day: dt.date) -> list[Destination]:
    """Return every location that the stage writes to, by the rules in force now. Raises
    NoTargetError where it is not deployed, and botocore's errors where its stack withholds which
    locations these are.

    Raises NoTargetError where it is not deployed, and botocore's errors where its stack withholds
    which locations these are."""
    outputs = deployment.outputs("InvocationLogging")
    the_key, of_key = _key(deployment, outputs["KeyArn"])
    own, configuration = outputs["EvidenceBucketName"], json.loads(outputs["LoggingConfiguration"])
    prefixes: dict[str, list[str]] = {}
    for location in (*sorted(storage_locations(configuration)), StorageLocation(own, EVIDENCE)):
        prefixes.setdefault(location.bucket, []).append(location.prefix)
    lying = [
        *_log_groups(deployment, outputs["LogGroupName"], day),
        *chain.from_iterable(
            _bucket(deployment, name, there, day) for name, there in prefixes.items()
        ),
    ]
    accesses = outputs.get("AccessLogBucketName")
    of_accesses = _bucket(deployment, accesses, ("",), day) if accesses else []
    return [*(_under(the_key, day, location) for location in lying), of_key, *of_accesses]


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """Return 1 if something is retained too short, else 2 if something could not be read, else
    0."""
    if "too short" in outcomes:
        return 1
    return 2 if "unknown" in outcomes else 0


def _or_unknown(
    names: Sequence[str], actions: str, judge: Callable[[], list[Destination]]
) -> list[Destination]:
    """Return the destinations that `judge` reads from AWS; unknown ones of these names where AWS
    gives no answer."""
    try:
        return judge()
    except WITHHELD as error:
        return [Destination(name, None, withheld(error, actions)) for name in names]


def withheld(error: ClientError | BotoCoreError, actions: str) -> str:
    """Return why AWS gave no answer, and what to do; `actions` is what the question needs in
    IAM."""
    if not isinstance(error, ClientError):
        return f"AWS did not answer: {error}"
    if code_of(error) in DENIED:
        return (
            f"AWS denies these credentials the answer: allow them {actions}, or ask as the "
            "stage's auditor, who has it"
        )
    return f"AWS answered {code_of(error)}: {error.response['Error'].get('Message', '')}"


# --- log groups


def _log_groups(deployment: Deployment, invocations: str, day: dt.date) -> list[Destination]:
    """`invocations` is another's, where the stage has adopted or extended another's logging."""
    prefix = f"/claude-on-bedrock/{deployment.stage}/"
    audit = {f"{prefix}{name}" for name in AUDIT_LOGS}
    at_times = AT_TIMES if deployment.has_endpoint() else (*OF_ENDPOINT, *AT_TIMES)
    others = [name for name in ALWAYS[1:] if name not in at_times]
    always = [invocations, *(f"{prefix}{name}" for name in others)]

    def of_group(name: str, group: LogGroup | None) -> Destination:
        retention = (
            log_group.retention_of(group, day) if group else absent("the log group", _NO_GROUP)
        )
        return Destination(name, retention, extra_days=AUDIT_MARGIN_DAYS if name in audit else 0)

    def judge() -> list[Destination]:
        pages = deployment.client("logs").get_paginator("describe_log_groups")
        groups = {
            group["logGroupName"]: read_log_group(group)
            for beginning in (prefix, invocations)
            for page in pages.paginate(logGroupNamePrefix=beginning)
            for group in page["logGroups"]
        }
        names = [*always, *(f"{prefix}{name}" for name in at_times if f"{prefix}{name}" in groups)]
        return [of_group(name, groups.get(name)) for name in names]

    return _or_unknown(always, "logs:DescribeLogGroups", judge)


# --- bucket


def _bucket(
    deployment: Deployment, name: str, prefixes: Sequence[str], day: dt.date
) -> list[Destination]:
    locations = {f"s3://{name}/{prefix}*": prefix for prefix in prefixes}
    names = [
        *locations,
        *(f"{location}, deleted or overwritten" for location in locations),
    ]

    def judge() -> list[Destination]:
        settings = fetch_bucket(deployment.client("s3"), name, _unless)
        if settings is None:
            return [Destination(name, absent("the bucket", _NO_BUCKET)) for name in names]
        results = [
            *(bucket.retention_of(settings, prefix, day) for prefix in locations.values()),
            *(bucket.retention_of_deleted(settings, prefix, day) for prefix in locations.values()),
        ]
        return [Destination(name, result) for name, result in zip(names, results, strict=True)]

    return _or_unknown(names, _BUCKET, judge)


def _unless(none: str, ask: Callable[[], Answer]) -> Answer | None:
    """Return the answer; None where S3 says by the error `none` that nothing is there."""
    try:
        return ask()
    except ClientError as error:
        if code_of(error) == none:
            return None
        raise


# --- key


def _key(deployment: Deployment, arn: str) -> tuple[Key | None, Destination]:
    name = f"key {arn.rpartition('/')[2]}"
    try:
        kms_key = read_key(deployment.client("kms").describe_key(KeyId=arn)["KeyMetadata"])
    except WITHHELD as error:
        if isinstance(error, ClientError) and code_of(error) == "NotFoundException":
            return None, Destination(name, absent("the key", _NO_KEY))
        return None, Destination(name, None, withheld(error, "kms:DescribeKey"))
    return kms_key, Destination(name, key.retention_of(kms_key))


def _under(the_key: Key | None, day: dt.date, destination: Destination) -> Destination:
    """Return the destination with the retention that the stage's key leaves it: the key encrypts
    all of them."""
    if the_key is None or destination.retention is None:
        return destination
    return destination._replace(retention=key.under(the_key, destination.retention, day))
