"""A writer of lines to a log group of the embedded AWS: in order, in batches, in the background."""

import asyncio
import contextlib
import logging
import time
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.client import Client
from local.aws.event_batches import batches

_LOG = logging.getLogger(__name__)
_LARGEST_LINE = 200_000
_GATHER_SECONDS = 0.2


class Line(NamedTuple):
    group: str
    stream: str
    at_ms: int
    text: str


class LogWriter:
    """Takes lines for any group and stream; a task writes them to CloudWatch Logs."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: list[Line] = []
        self._streams: set[tuple[str, str]] = set()
        self._running: asyncio.Task[None] | None = None

    def write(self, group: str, stream: str, text: str) -> None:
        """Take a line; return at once. Call it from the event loop."""
        self._waiting.append(Line(group, stream, int(time.time() * 1000), text[:_LARGEST_LINE]))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._write_waiting())

    async def drain(self) -> None:
        """Wait until all lines taken so far are written, or have failed."""
        while self._running is not None and not self._running.done():
            await self._running

    async def _write_waiting(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHER_SECONDS)
            lines, self._waiting = self._waiting, []
            await asyncio.to_thread(self._put, lines)

    def _put(self, lines: list[Line]) -> None:
        for group_and_stream in dict.fromkeys((line.group, line.stream) for line in lines):
            events = [
                {"timestamp": line.at_ms, "message": line.text}
                for line in lines
                if (line.group, line.stream) == group_and_stream
            ]
            try:
                self._put_events(*group_and_stream, events)
            except (BotoCoreError, ClientError) as failure:
                _LOG.error("%s: %d lines lost: %s", group_and_stream[0], len(events), failure)

    def _put_events(self, group: str, stream: str, events: list[dict[str, Any]]) -> None:
        where = {"logGroupName": group, "logStreamName": stream}
        if (group, stream) not in self._streams:
            with contextlib.suppress(self._client.exceptions.ResourceAlreadyExistsException):
                self._client.create_log_stream(**where)
            self._streams.add((group, stream))
        for batch in batches(events):
            self._client.put_log_events(**where, logEvents=batch)
