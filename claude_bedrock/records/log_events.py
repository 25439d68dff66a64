"""Reads the events of a log group page by page, as far as FilterLogEvents can be relied on.

boto3's own paginator gives up where CloudWatch repeats a token, which it does now and then in log
groups of many streams: https://github.com/aws/aws-cli/issues/3191. This one goes on behind the last
event that it has read.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import zip_longest
from typing import Any, Final

from claude_bedrock.records.window import UnreadableError

AT_ONCE: Final = 4
"""Of 25 requests a second that an account and Region has, 10 in some Regions:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"""
_REPEATS: Final = 3
"""As often a page that brings nothing new is read again before it is begun anew."""


def filter_events(
    logs: Any,  # noqa: ANN401 - boto3 makes its clients at run time
    *,
    start_ms: int,
    end_ms: int,
    **parameters: Any,  # noqa: ANN401 - as boto3 takes them
) -> Iterator[Mapping[str, Any]]:
    """Yield each event from `start_ms` to `end_ms` (milliseconds since 1970) once, of what
    FilterLogEvents calls `parameters`.

    Raises UnreadableError where CloudWatch does not come to an end, and botocore's errors."""
    pages = _Pages(logs, {**parameters, "endTime": end_ms}, start_ms)
    while not pages.ended:
        yield from pages.next()


def filter_events_at_once(
    logs: Any,  # noqa: ANN401 - boto3 makes its clients at run time
    *,
    start_ms: int,
    end_ms: int,
    **parameters: Any,  # noqa: ANN401 - as boto3 takes them
) -> Iterator[Mapping[str, Any]]:
    """Yield the same events as `filter_events` has, of equal parts of the time that are read at
    once: an event of each in turn. Holds two pages of each part at the most, a page being 1 MB.

    Raises what `filter_events` raises."""
    edges = [start_ms + (end_ms - start_ms) * part // AT_ONCE for part in range(AT_ONCE)]
    ends = [*(edge - 1 for edge in edges[1:]), end_ms]  # both ends are in a part
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = [
            _ahead(pool, _Pages(logs, {**parameters, "endTime": end}, start))
            for start, end in zip(edges, ends, strict=True)
            if start <= end
        ]
        for one_of_each in zip_longest(*parts):
            yield from (event for event in one_of_each if event is not None)


def _ahead(pool: ThreadPoolExecutor, pages: "_Pages") -> Iterator[Mapping[str, Any]]:
    """Return the events of all pages, each of which is asked for while the one before is used."""
    waiting = pool.submit(pages.next)
    return _events(pool, pages, waiting)


def _events(
    pool: ThreadPoolExecutor, pages: "_Pages", waiting: Future[list[Mapping[str, Any]]]
) -> Iterator[Mapping[str, Any]]:
    while True:
        events = waiting.result()
        if pages.ended:
            yield from events
            return
        waiting = pool.submit(pages.next)
        yield from events


class _Pages:
    def __init__(self, logs: Any, parameters: Mapping[str, Any], start_ms: int) -> None:  # noqa: ANN401
        self._logs = logs
        self._parameters = parameters
        self._start_ms = self._latest_ms = start_ms
        self._restarted_at: int | None = None
        self._token: str | None = None
        self._tokens: set[str] = set()
        self._last_page: frozenset[str] = frozenset()
        self._at_latest: set[str] = set()
        self._repeats = 0
        self.ended = False

    def next(self) -> list[Mapping[str, Any]]:
        token = {"nextToken": self._token} if self._token else {}
        page = self._logs.filter_log_events(**self._parameters, startTime=self._start_ms, **token)
        events = page.get("events", [])
        new = [event for event in events if self._is_new(event)]
        self._last_page = frozenset(map(_identity, events))
        following: str | None = page.get("nextToken")
        self.ended = following is None
        if following is not None:
            self._follow(following, repeated=following in self._tokens and not new)
        return new

    def _is_new(self, event: Mapping[str, Any]) -> bool:
        at, event_id = event["timestamp"], _identity(event)
        if event_id in self._last_page or event_id in self._at_latest:
            return False
        if at > self._latest_ms:
            self._latest_ms, self._at_latest = at, set()
        if at == self._latest_ms:
            self._at_latest.add(event_id)
        return True

    def _follow(self, token: str, *, repeated: bool) -> None:
        self._tokens.add(token)
        self._token = token
        self._repeats = self._repeats + 1 if repeated else 0
        if self._repeats > _REPEATS:
            self._restart()

    def _restart(self) -> None:
        if self._restarted_at == self._latest_ms:
            group = self._parameters.get("logGroupName", "")
            raise UnreadableError(f"CloudWatch Logs repeats a page of {group} without end")
        self._restarted_at = self._start_ms = self._latest_ms
        self._token, self._repeats = None, 0
        self._tokens.clear()


def _identity(event: Mapping[str, Any]) -> str:
    """Return its id. What has none, as lines of Lambda's in local mode, is known by what it
    says."""
    parts = (event["timestamp"], event.get("logStreamName", ""), event["message"])
    return event.get("eventId") or "\t".join(map(str, parts))
