"""Checks of a call's record: in both destinations, how soon, in which fields."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from claude_bedrock.cli.smoke.check import Check, Finding, failed, not_assessed, passed
from claude_bedrock.cli.smoke.deployed_stage import LARGE_BODY_BYTES, Subject
from claude_bedrock.cli.smoke.http_call import Response

_LOGGING: Final = (
    "https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html"
)
_FIELDS: Final = (
    *("schemaType", "schemaVersion", "timestamp", "accountId", "region", "requestId"),
    *("operation", "modelId", "identity.arn", "requestMetadata"),
    *("input.inputContentType", "input.inputTokenCount"),
    *("output.outputContentType", "output.outputTokenCount"),
)
_CLOCKS_DIFFER: Final = timedelta(minutes=5)

Record = Mapping[str, Any]


def judge_logs(subject: Subject) -> Finding:
    response = subject.message
    return _judge_delivery(subject, response, lambda: in_logs(subject, response))


def judge_s3(subject: Subject) -> Finding:
    response = subject.message
    return _judge_delivery(subject, response, lambda: in_s3(subject, response))


def judge_fields(subject: Subject) -> Finding:
    record = wait_for_record(subject, subject.message)
    if record is None:
        return not_assessed("There is no record to look at.")
    names = sorted(_names(record))
    missing = [name for name in _FIELDS if name not in names]
    measured = {"schemaVersion": record.get("schemaVersion"), "names": names}
    if missing:
        return failed(f"The record lacks {', '.join(missing)}.", **measured)
    return passed("The record has every field that this project reads.", **measured)


def judge_model_id(subject: Subject) -> Finding:
    record = wait_for_record(subject, subject.message)
    if record is None:
        return not_assessed("There is no record to look at.")
    model_id = str(record.get("modelId", ""))
    form = "ARN" if model_id.startswith("arn:") else "inference profile id"
    if subject.model.base_id not in model_id:
        return failed("The record's modelId is not that of the model called.", form=form)
    if model_id == subject.model.base_id:
        form = "model id"
    return passed(f"The record's modelId is an {form}.", form=form, operation=record["operation"])


def judge_large_body(subject: Subject) -> Finding:
    response = subject.large
    if response.status != 200:
        return failed(f"The status is {response.status}, not 200.", status=response.status)
    record = wait_for_record(subject, response)
    if record is None:
        return failed("There is no record of the call in CloudWatch Logs.")
    path = record.get("input", {}).get("inputBodyS3Path")
    if not path:
        return failed("The record holds the body, and no path in S3.", path=False)
    if not subject.wait_for(lambda: subject.records.is_stored(path) or None):
        return failed("The record names an object in S3 that is not there.", path=True)
    body = subject.records.body(record["input"], "input")
    return passed("The body is in S3, where the record says.", path=True, type=type(body).__name__)


def judge_disconnect(subject: Subject) -> Finding:
    response = subject.disconnected
    if response.status != 200 or not response.request_id:
        return failed(f"No stream came back (status {response.status}).", status=response.status)
    record = wait_for_record(subject, response)
    entry = subject.audit_entry(response) or {}
    measured = {
        "outcome": entry.get("outcome"),
        "status": entry.get("status"),
        "output_body": bool(record and record.get("output")),
        "output_tokens": (record or {}).get("output", {}).get("outputTokenCount"),
    }
    if record is None:
        return failed("Bedrock wrote no record of a call whose client disconnected.", **measured)
    return passed("Bedrock wrote a record of the call whose client disconnected.", **measured)


def in_logs(subject: Subject, response: Response) -> Record | None:
    """Return the record of a response in CloudWatch Logs."""
    return subject.records.in_logs(response.request_id, response.started_at - _CLOCKS_DIFFER)


def in_s3(subject: Subject, response: Response) -> Record | None:
    """Return the record of a response in S3."""
    since = response.started_at - _CLOCKS_DIFFER
    stored = subject.records.in_s3(response.request_id, since, datetime.now(UTC))
    return stored.record if stored else None


def wait_for_record(subject: Subject, response: Response) -> Record | None:
    """Return the record of a response in CloudWatch Logs, None if none comes in time."""
    return subject.wait_for(lambda: in_logs(subject, response)) if response.request_id else None


def _judge_delivery(
    subject: Subject, response: Response, find: Callable[[], Record | None]
) -> Finding:
    """The time is from the request on; it is an upper bound, since the poll takes its time."""
    if not response.request_id:
        return not_assessed("The call had no request id to look for.")
    record = subject.wait_for(find)
    seconds = round((datetime.now(UTC) - response.started_at).total_seconds())
    if record is None:
        return failed(f"No record came within {seconds} s.", seconds=seconds)
    return passed(f"The record was there at most {seconds} s after the call.", seconds=seconds)


def _names(record: Record, prefix: str = "") -> set[str]:
    """Return the names of the fields, those one level down with a dot; bodies stay closed."""
    names = set[str]()
    for name, value in record.items():
        names.add(prefix + name)
        if isinstance(value, Mapping) and not prefix and name != "requestMetadata":
            names |= _names(value, f"{name}.")
    return names


CHECKS: Final = (
    Check(
        "record in CloudWatch Logs",
        "Bedrock writes the record of a call to the log group, and how soon.",
        _LOGGING,
        judge_logs,
    ),
    Check(
        "record in S3",
        "Bedrock writes the record of a call to the bucket, and how soon.",
        _LOGGING,
        judge_s3,
    ),
    Check(
        "record fields",
        "A record has the fields that reconciliation and reports read, the caller's metadata too.",
        _LOGGING,
        judge_fields,
    ),
    Check(
        "model id",
        "A record names the model by the inference profile's id, or by its ARN.",
        _LOGGING,
        judge_model_id,
    ),
    Check(
        "large body",
        "A body of 150 KB is kept as an object of its own, which the record names.",
        _LOGGING,
        judge_large_body,
        body_bytes=LARGE_BODY_BYTES,
    ),
    Check(
        "client disconnects",
        "Bedrock writes a record of a stream whose client disconnects.",
        _LOGGING,
        judge_disconnect,
    ),
)
