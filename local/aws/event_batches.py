"""Log events in batches, as PutLogEvents of CloudWatch Logs takes them.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

Event = dict[str, Any]
"""As boto3 takes one: its `timestamp` in milliseconds since 1970, and its `message`."""

LARGEST_BATCH_BYTES: Final = 1_048_576
MOST_EVENTS: Final = 10_000
LONGEST_SPAN_MS: Final = 24 * 3600 * 1000
_EVENT_OVERHEAD_BYTES: Final = 26


def event_bytes(message: str) -> int:
    """Return what an event of this message counts for in a batch."""
    return len(message.encode(errors="replace")) + _EVENT_OVERHEAD_BYTES


def batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Yield the events by their times, in as few batches as CloudWatch Logs allows."""
    batch: list[Event] = []
    size = 0
    for event in sorted(events, key=lambda event: event["timestamp"]):
        weight = event_bytes(event["message"])
        if batch and (
            size + weight > LARGEST_BATCH_BYTES
            or len(batch) == MOST_EVENTS
            or event["timestamp"] - batch[0]["timestamp"] > LONGEST_SPAN_MS
        ):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += weight
    if batch:
        yield batch
