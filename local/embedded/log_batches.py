"""Refusals of PutLogEvents, which MiniStack lacks: what a batch of log events may be.

AWS also rejects events of other times than the last 14 days, which the demos write here.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ministack.core.responses import error_response_json  # type: ignore[import-untyped]
from ministack.services import cloudwatch_logs  # type: ignore[import-untyped]

from local.aws.event_batches import (
    LARGEST_BATCH_BYTES,
    LONGEST_SPAN_MS,
    MOST_EVENTS,
    event_bytes,
)

Reply = tuple[int, Mapping[str, str], bytes]
Operation = Callable[[Mapping[str, Any]], Reply]


def add() -> None:
    """Put them in; before MiniStack starts."""
    cloudwatch_logs._put_log_events = _with_refusals(cloudwatch_logs._put_log_events)


def _with_refusals(original: Operation) -> Operation:
    def put_log_events(request: Mapping[str, Any]) -> Reply:
        if problem := refusal(request.get("logEvents", [])):
            reply: Reply = error_response_json("InvalidParameterException", problem, 400)
            return reply
        return original(request)

    return put_log_events


def refusal(events: Sequence[Mapping[str, Any]]) -> str:
    """Return why AWS refuses a batch; empty where it takes it."""
    if not 1 <= len(events) <= MOST_EVENTS:
        return f"A batch has from 1 to {MOST_EVENTS} log events."
    times = [event["timestamp"] for event in events]
    if any(later < earlier for earlier, later in pairwise(times)):
        return "Log events in a single PutLogEvents request must be in chronological order."
    if times[-1] - times[0] > LONGEST_SPAN_MS:
        return "The batch of log events in a single PutLogEvents request spans over 24 hours."
    length = sum(event_bytes(event["message"]) for event in events)
    if length > LARGEST_BATCH_BYTES:
        return f"Upload too large: {length} bytes exceeds limit of {LARGEST_BATCH_BYTES}"
    return ""
