"""Log events in batches, as PutLogEvents of CloudWatch Logs takes them.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

Event = dict[str, Any]
"""As boto3 takes one: its `timestamp` in milliseconds since 1970, and its `message`."""

_EVENT_OVERHEAD_BYTES: Final = 26
_LARGEST_BYTES: Final = 1_048_576
_MOST: Final = 10_000
_LONGEST_MS: Final = 24 * 3600 * 1000


def batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Yield the events by their times, in as few batches as CloudWatch Logs allows."""
    batch: list[Event] = []
    size = 0
    for event in sorted(events, key=lambda event: event["timestamp"]):
        weight = len(event["message"].encode(errors="replace")) + _EVENT_OVERHEAD_BYTES
        if batch and (
            size + weight > _LARGEST_BYTES
            or len(batch) == _MOST
            or event["timestamp"] - batch[0]["timestamp"] > _LONGEST_MS
        ):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += weight
    if batch:
        yield batch
