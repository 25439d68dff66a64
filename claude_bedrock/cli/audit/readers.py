"""Who can read prompts by the inline policies of the stage's roles, and who did by the access log
of records."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.doctor.check import WITHHELD
from claude_bedrock.cli.retention.locations import withheld
from claude_bedrock.cli.shared.deployment import Client, Deployment
from claude_bedrock.cli.verify import trail_digests
from claude_bedrock.logging_config.resource_policy import members
from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.verification.hours import Span
from claude_bedrock.verification.period import Period

_READS_OF_LOGS: Final = ("logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery")
_READS_OF_OBJECTS: Final = ("s3:GetObject", "s3:GetObjectVersion")
_PREFIXES: Final = ("AWSLogs/", "large-data/")
_DAMAGE: Final = (OSError, EOFError, zlib.error)
"""What gzip raises for bytes that are not a whole file of its form."""
_READS: Final = frozenset({"GetObject", "SelectObjectContent"})
_COPIES: Final = frozenset({"CopyObject", "UploadPartCopy"})
"""Requests whose `x-amz-copy-source` is read:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"""
MOST_FILES: Final = 20_000
"""Files of a trail that are read: CloudTrail delivers one about every five minutes."""
_NO_ACCESS_LOG: Final = (
    "The stage logs no access to its records: `logging.record_access_log` is not set, or a trail "
    "of your account does it."
)
_SERVER_LOG: Final = (
    "The access log has no file of CloudTrail for the window. Lines of S3's server access log are "
    "not read: it is best effort."
)


class Reader(NamedTuple):
    """A role of the stage, and what its inline policies let it read: prompts in the log group, in
    the bucket, or neither. `reads` is None where AWS did not give its policies."""

    role: str
    reads: tuple[str, ...] | None

    @property
    def can_read(self) -> bool | None:
        return None if self.reads is None else bool(self.reads)


class Access(NamedTuple):
    """How often a principal read objects with prompts, first and last (ISO 8601, UTC)."""

    principal: str
    reads: int
    first: str
    last: str


class RecordReaders(NamedTuple):
    """`roles` are those of the stage; other principals of the account are not assessed. Of
    `accesses`, `note` says why there are none, or what they leave out; `is_known` whether the
    access log of the window was read."""

    roles: Sequence[Reader] = ()
    roles_note: str = ""
    accesses: Sequence[Access] = ()
    note: str = _NO_ACCESS_LOG
    is_known: bool = False

    def as_data(self) -> dict[str, Any]:
        return {
            "roles": [{**role._asdict(), "can_read": role.can_read} for role in self.roles],
            "roles_note": self.roles_note,
            "accesses": [access._asdict() for access in self.accesses],
            "accesses_note": self.note,
            "accesses_known": self.is_known,
        }


def collect_readers(
    recorder: RecordingDeployment,
    deployment: Deployment,
    outputs: Mapping[str, str],
    period: Period,
    stacks: Sequence[str],
) -> RecordReaders:
    """Return the readers; `outputs` are those of InvocationLogging, `stacks` those of the stage.
    The access log is read by `deployment`, whose answers are not kept."""
    try:
        roles, note = list(_roles(recorder, outputs, stacks)), ""
    except WITHHELD as error:
        roles, note = [], f"{withheld(error, 'cloudformation:ListStackResources')}."
    readers = RecordReaders(roles, note)
    if "AccessLogBucketName" not in outputs:
        return readers
    try:
        return _with_accesses(readers, deployment, outputs, period)
    except WITHHELD as error:
        return readers._replace(note=f"{withheld(error, 's3:ListBucket and s3:GetObject')}.")


# --- who can


def _roles(
    recorder: RecordingDeployment, outputs: Mapping[str, str], stacks: Sequence[str]
) -> Iterator[Reader]:
    iam = recorder.client("iam")
    account = outputs["KeyArn"].split(":")[4]
    group = f"arn:aws:logs:{recorder.region}:{account}:log-group:{outputs['LogGroupName']}"
    names = {name for stack in stacks for name in recorder.roles(stack)}
    for name in sorted(names):
        try:
            documents = [_document(iam, name, policy) for policy in _policies(iam, name)]
        except WITHHELD:
            yield Reader(name, None)
        else:
            yield Reader(name, readable(documents, group, outputs["LogBucketName"]))


def _policies(iam: Client, role: str) -> list[str]:
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=role)
    return [name for page in pages for name in page["PolicyNames"]]


def _document(iam: Client, role: str, policy: str) -> Mapping[str, Any]:
    document: dict[str, Any] = iam.get_role_policy(RoleName=role, PolicyName=policy)[
        "PolicyDocument"
    ]
    return document


def readable(
    documents: Sequence[Mapping[str, Any]], log_group: str, bucket: str
) -> tuple[str, ...]:
    """Return which of `log group` (an ARN without the asterisk at its end) and `bucket` (a name)
    inline policies let a role read records in. Conditions are taken as met; a denial with one is
    not.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"""
    groups = [log_group, f"{log_group}:*", f"{log_group}:log-stream:x"]
    objects = [f"arn:aws:s3:::{bucket}/{prefix}x" for prefix in _PREFIXES]
    can_read = {
        "log group": any(
            _is_allowed(documents, action, name) for action in _READS_OF_LOGS for name in groups
        ),
        "bucket": any(
            _is_allowed(documents, action, name) for action in _READS_OF_OBJECTS for name in objects
        ),
    }
    return tuple(name for name, is_readable in can_read.items() if is_readable)


def _is_allowed(documents: Sequence[Mapping[str, Any]], action: str, resource: str) -> bool:
    statements = [each for document in documents for each in members(document["Statement"])]
    matching = [each for each in statements if _matches(each, action, resource)]
    denied = any(each["Effect"] == "Deny" and not each.get("Condition") for each in matching)
    return not denied and any(each["Effect"] == "Allow" for each in matching)


def _matches(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    return _is_named(statement, "Action", action.lower(), lambda name: str(name).lower()) and (
        _is_named(statement, "Resource", resource, _without_partition)
    )


def _is_named(
    statement: Mapping[str, Any], element: str, value: str, pattern_of: Callable[[object], str]
) -> bool:
    """Return whether an element of a statement names the value, or its negation leaves it:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html"""
    is_negated = f"Not{element}" in statement
    names = members(statement.get(f"Not{element}" if is_negated else element, []))
    return is_negated != any(fnmatchcase(value, pattern_of(name)) for name in names)


def _without_partition(arn: object) -> str:
    service, colon, rest = str(arn).removeprefix("arn:").partition(":")
    return f"arn:aws:{rest}" if colon and service.startswith("aws") else str(arn)


# --- who did


def _with_accesses(
    readers: RecordReaders, deployment: Deployment, outputs: Mapping[str, str], period: Period
) -> RecordReaders:
    s3, log_bucket = deployment.client("s3"), outputs["AccessLogBucketName"]
    names = list(islice(_files(s3, log_bucket, period), MOST_FILES + 1))
    if not names:
        return readers._replace(note=_SERVER_LOG)
    totals: dict[str, Access] = {}
    unreadable = 0
    read = partial(_reads, s3, log_bucket, outputs["LogBucketName"], period)
    for _, events in each_in_order(read, names[:MOST_FILES]):
        unreadable += events is None
        for event in events or ():
            _add(totals, event)
    order = sorted(totals.values(), key=lambda access: (-access.reads, access.principal))
    gaps = _gaps(more=len(names) > MOST_FILES, unreadable=unreadable)
    words = gaps or "Reads of objects in the bucket; those of the log group are not assessed."
    digests = trail_digests.note_on_reads(deployment, outputs, Span(period.since, period.until))
    return readers._replace(accesses=order, note=f"{words} {digests}".rstrip(), is_known=not gaps)


def _gaps(*, more: bool, unreadable: int) -> str:
    """Return what keeps the accesses from being all, in sentences; empty where they are."""
    notes = []
    if more:
        notes.append(f"Of the first {MOST_FILES:,} files only: there are more.")
    if unreadable:
        notes.append(f"Files of CloudTrail that cannot be read: {unreadable:,}.")
    return " ".join(notes)


def _files(s3: Client, bucket: str, period: Period) -> Iterator[str]:
    """Yield the files of CloudTrail of the days of the window:
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html"""
    days = {
        f"{period.since + timedelta(days=number):%Y/%m/%d}"
        for number in range((period.until - period.since).days + 2)
    }
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="AWSLogs/"):
        for key in (item["Key"] for item in page.get("Contents", [])):
            _, trail, rest = key.partition("/CloudTrail/")
            if trail and rest.endswith(".json.gz") and "/".join(rest.split("/")[1:4]) in days:
                yield key


def _reads(
    s3: Client, log_bucket: str, bucket: str, period: Period, key: str
) -> list[Mapping[str, Any]] | None:
    """Return the events of a file that are reads of `bucket`; None where the file, or an event in
    it, cannot be read. Raises botocore's errors."""
    body = s3.get_object(Bucket=log_bucket, Key=key)["Body"].read()
    try:
        events = json.loads(gzip.decompress(body))["Records"]
        return [event for event in events if is_read(event, bucket, period)]
    except (*_DAMAGE, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def is_read(event: Mapping[str, Any], bucket: str, period: Period) -> bool:
    """Return whether an event of CloudTrail is a read in the window, which S3 allowed, of an object
    that may hold prompts: a copy of it to another place is one too."""
    request = event.get("requestParameters") or {}
    name, source = event.get("eventName"), f"{request.get('bucketName')}/{request.get('key', '')}"
    if name in _COPIES:
        source = unquote(str(request.get("x-amz-copy-source", ""))).removeprefix("/")
    return (name in _READS or name in _COPIES) and (
        not event.get("errorCode")
        and source.startswith(tuple(f"{bucket}/{prefix}" for prefix in _PREFIXES))
        and period.since <= datetime.fromisoformat(event["eventTime"]) < period.until
    )


def _add(totals: dict[str, Access], event: Mapping[str, Any]) -> None:
    identity, at = event.get("userIdentity") or {}, str(event["eventTime"])
    principal = str(identity.get("arn") or identity.get("invokedBy") or "unknown")
    known = totals.get(principal, Access(principal, 0, at, at))
    totals[principal] = Access(
        principal, known.reads + 1, min(known.first, at), max(known.last, at)
    )
