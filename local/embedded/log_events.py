"""Additions to MiniStack's CloudWatch Logs: the text of log events lies in a file.

MiniStack holds each event twice in its memory. Here a log stream holds where the text is, and reads
it when it is asked for. The file has no name, and ends with the process.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple
from uuid import uuid4

from ministack.services import cloudwatch_logs  # type: ignore[import-untyped]

_ENCODING: Final = "utf-8"
_ANY_TEXT: Final = "surrogatepass"
"""JSON may hold half of a pair of surrogates, which is no UTF-8."""
_NAMES: Final = ("timestamp", "message", "ingestionTime", "eventId")

Append = Callable[[dict[str, Any], Sequence[Mapping[str, Any]]], None]


class Position(NamedTuple):
    """Where an event stands among those of its log group: CloudWatch Logs sorts them by their
    timestamps, and by when they came:
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    """

    timestamp: int
    number: int


class EventFile:
    """Texts, one after the other. `read` may run in many threads, and `append` in one."""

    def __init__(self) -> None:
        self._descriptor, path = tempfile.mkstemp()
        Path(path).unlink()
        self._end = 0

    def append(self, text: str) -> tuple[int, int]:
        """Write a text; return its first byte's offset, and how many bytes it has."""
        content = text.encode(_ENCODING, _ANY_TEXT)
        start, self._end = self._end, self._end + len(content)
        if os.pwrite(self._descriptor, content, start) != len(content):
            raise OSError("the disk took a part of a log event")
        return start, len(content)

    def read(self, start: int, length: int) -> str:
        return os.pread(self._descriptor, length, start).decode(_ENCODING, _ANY_TEXT)


class StoredEvent(Mapping[str, Any]):
    """An event as MiniStack has it, whose message is read from `file` each time."""

    __slots__ = ("_event_id", "_file", "_ingestion_time", "_start", "length", "position")

    def __init__(self, file: EventFile, event: Mapping[str, Any], number: int) -> None:
        self._file = file
        self._start, self.length = file.append(event["message"])
        self._event_id = event.get("eventId") or str(uuid4())
        self._ingestion_time = event["ingestionTime"]
        self.position = Position(event["timestamp"], number)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a number or a text
        if name == "timestamp":
            return self.position.timestamp
        if name == "message":
            return self._file.read(self._start, self.length)
        if name == "ingestionTime":
            return self._ingestion_time
        if name == "eventId":
            return self._event_id
        raise KeyError(name)

    def __setitem__(self, name: str, value: str) -> None:
        """Name the event, as MiniStack does where Log Insights reads it."""
        if name != "eventId":
            raise KeyError(name)
        self._event_id = value

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


def add() -> None:
    """Put it in; before MiniStack starts."""
    cloudwatch_logs._append_log_events = _to_file(cloudwatch_logs._append_log_events, EventFile())


def _to_file(append: Append, file: EventFile) -> Append:
    numbers, lock = count(), Lock()

    def append_log_events(stream: dict[str, Any], events: Sequence[Mapping[str, Any]]) -> None:
        with lock:  # within a stream, a later event has a larger number
            append(stream, [StoredEvent(file, event, next(numbers)) for event in events])
        # Log Insights has a copy of each event, and makes it again where it lacks one.
        for event in events:
            cloudwatch_logs._log_records.pop(event.get("eventId"), None)

    return append_log_events
