"""The check of a call's record: its fields, its destinations, and how long the canary waits for
it."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import repeat
from typing import Any, Final, Literal, NamedTuple, Protocol

from canary.questions import Question
from claude_bedrock.records.invocation_records import Record, Stored

PAUSES: Final = (1, 2, 4, 8, 15, *repeat(30, 19))
"""Seconds between looks, ten minutes together. AWS promises no time within which it delivers."""

Destination = Literal["CloudWatch Logs", "S3"]
Step = Literal["call", "CloudWatch Logs", "S3", "body"]
DESTINATIONS: Final[tuple[Destination, ...]] = ("CloudWatch Logs", "S3")


class Failure(NamedTuple):
    """A call of `size` that was not made, or not found again: at which step, and why. It has
    nothing of what was said."""

    size: str
    step: Step
    why: str
    request_id: str


class Sent(NamedTuple):
    """A question that was answered, between two times (UTC)."""

    question: Question
    request_id: str
    since: datetime
    until: datetime


class _ExpectedRecord(NamedTuple):
    sent: Sent
    destination: Destination


class RecordStore(Protocol):
    """The record; `claude_bedrock.records.invocation_records.Records` is one."""

    def in_logs(self, request_id: str, since: datetime) -> Record | None: ...
    def in_s3(self, request_id: str, since: datetime, until: datetime) -> Stored | None: ...
    def is_stored(self, path: str) -> bool: ...
    def body(self, side: Mapping[str, Any], name: str) -> object: ...


def missing_records(
    sent: Iterable[Sent],
    records: RecordStore,
    pauses: Iterable[float] = PAUSES,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Failure]:
    """Return the records that are missing after the last of the `pauses`; none as soon as all are
    there."""
    missing = _missing(
        [_ExpectedRecord(call, destination) for call in sent for destination in DESTINATIONS],
        records,
    )
    for pause in pauses:
        if not missing:
            break
        sleep(pause)
        missing = _missing([expected for expected, _ in missing], records)
    return [failure for _, failure in missing]


def _missing(
    expected: Iterable[_ExpectedRecord], records: RecordStore
) -> list[tuple[_ExpectedRecord, Failure]]:
    checked = (
        (expectation, _failure(expectation.sent, expectation.destination, records))
        for expectation in expected
    )
    return [(expectation, failure) for expectation, failure in checked if failure is not None]


def _failure(sent: Sent, destination: Destination, records: RecordStore) -> Failure | None:
    record = _record(sent, destination, records)
    if record is None:
        return Failure(sent.question.size, destination, "no record", sent.request_id)
    why = _body_missing(record, sent.question, records)
    if why:
        return Failure(sent.question.size, "body", f"{destination}: {why}", sent.request_id)
    return None


def _record(sent: Sent, destination: Destination, records: RecordStore) -> Record | None:
    if destination == "CloudWatch Logs":
        return records.in_logs(sent.request_id, sent.since)
    stored = records.in_s3(sent.request_id, sent.since, sent.until)
    return stored and stored.record


def _body_missing(record: Record, question: Question, records: RecordStore) -> str:
    """Return why what was asked or answered is not on record; empty if it is."""
    sides = {side: record.get(side) or {} for side in ("input", "output")}
    for side, part in sides.items():
        path = part.get(f"{side}BodyS3Path")
        if path and not records.is_stored(path):
            return f"the object of the {side} is missing"
    try:
        input_body, output_body = (records.body(part, side) for side, part in sides.items())
    except (OSError, EOFError, ValueError) as error:
        return f"a body cannot be read: {type(error).__name__}"
    if not isinstance(input_body, dict) or input_body.get("messages") != question.body["messages"]:
        return "the input is not what was asked"
    return "" if output_body else "no output"
