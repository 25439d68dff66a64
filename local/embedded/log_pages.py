"""Pages of log events as CloudWatch Logs has them: up to 1 MB, and up to 10,000 events. MiniStack's
FilterLogEvents has one page of any size, and is silent about what comes after its events.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from heapq import merge
from typing import Any, Final, NamedTuple

from ministack.core.responses import (  # type: ignore[import-untyped]
    error_response_json,
    json_response,
)
from ministack.services import cloudwatch_logs  # type: ignore[import-untyped]

from local.embedded.log_events import Position, StoredEvent

LARGEST_PAGE_BYTES: Final = 1_000_000
MOST_EVENTS: Final = 10_000
LONGEST_SCAN_BYTES: Final = 50_000_000
"""After so much that the pattern does not match, a page ends, and may be empty."""

Request = Mapping[str, Any]
Reply = tuple[int, Mapping[str, str], bytes]
Operation = Callable[[Request], Reply]
Streams = Mapping[str, Mapping[str, Any]]


class _StreamEvent(NamedTuple):
    """An event, and the stream that it is in."""

    event: StoredEvent
    stream: str


def add() -> None:
    """Put them in; before MiniStack starts, and before what is added to its FilterLogEvents."""
    cloudwatch_logs._filter_log_events = _in_pages(cloudwatch_logs._filter_log_events)
    cloudwatch_logs._get_log_events = _limited(cloudwatch_logs._get_log_events)


def _in_pages(original: Operation) -> Operation:
    def filter_log_events(request: Request) -> Reply:
        group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(request))
        if group is None:
            return original(request)
        try:
            reply: Reply = json_response(_page(request, group["streams"]))
        except ValueError as error:
            reply = error_response_json("InvalidParameterException", str(error), 400)
        return reply

    return filter_log_events


def _page(request: Request, streams: Streams) -> Mapping[str, Any]:
    """Return a page of the events that match. Raises ValueError for what AWS refuses."""
    matches = cloudwatch_logs._compile_filter_pattern(request.get("filterPattern", ""))
    limit, names = _limit(request), _names(request, streams)
    after = _position(request["nextToken"]) if request.get("nextToken") else None
    with cloudwatch_logs._log_events_lock:
        ranges = [_range(name, streams[name]["events"], request, after) for name in names]
    events = list[Mapping[str, Any]]()
    length = scanned = 0
    following = {}
    for event, stream in merge(*ranges, key=_position_of):
        if len(events) == limit or scanned >= LONGEST_SCAN_BYTES:
            following = {"nextToken": _token(after)}
            break
        message = event["message"]
        if matches(message):
            if events and length + event.length > LARGEST_PAGE_BYTES:
                following = {"nextToken": _token(after)}
                break
            events.append({**event, "message": message, "logStreamName": stream})
            length += event.length
        after, scanned = event.position, scanned + event.length
    return {"events": events, "searchedLogStreams": [], **following}


def _limit(request: Request) -> int:
    limit: int = request.get("limit", MOST_EVENTS)
    if not 1 <= limit <= MOST_EVENTS:
        raise ValueError(f"limit is from 1 to {MOST_EVENTS}")
    return limit


def _names(request: Request, streams: Streams) -> Iterable[str]:
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
    if names and prefix:
        raise ValueError("logStreamNames and logStreamNamePrefix cannot be used together")
    return [name for name in names or streams if name in streams and name.startswith(prefix or "")]


def _range(
    name: str, events: Sequence[StoredEvent], request: Request, after: Position | None
) -> Iterator[_StreamEvent]:
    """Yield the events between the request's two times, both included, and behind `after`."""
    first, last = request.get("startTime"), request.get("endTime")
    start = 0 if first is None else bisect_left(events, first, key=_timestamp_of)
    end = len(events) if last is None else bisect_right(events, last, key=_timestamp_of)
    if after is not None:
        start = max(start, bisect_right(events, after, key=_event_position))
    # `events` only grows at its end: what comes between others makes a new list.
    return (_StreamEvent(events[index], name) for index in range(start, end))


def _timestamp_of(event: StoredEvent) -> int:
    return event.position.timestamp


def _event_position(event: StoredEvent) -> Position:
    return event.position


def _position_of(item: _StreamEvent) -> Position:
    return item.event.position


def _token(after: Position | None) -> str:
    return "/".join(map(str, after or ()))


def _position(token: str) -> Position:
    try:
        timestamp, number = map(int, token.split("/"))
    except ValueError as error:
        raise ValueError("The specified nextToken is invalid.") from error
    return Position(timestamp, number)


def _limited(original: Operation) -> Operation:
    """MiniStack's GetLogEvents, asked for as many events as a page takes."""

    def get_log_events(request: Request) -> Reply:
        limit = min(request.get("limit", MOST_EVENTS), MOST_EVENTS)
        group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(request))
        stream = (group or {"streams": {}})["streams"].get(request.get("logStreamName"))
        if stream is not None:
            with suppress(ValueError):  # MiniStack refuses the token
                limit = _events_in_page(request, stream["events"], limit)
        return original({**request, "limit": limit})

    return get_log_events


def _events_in_page(request: Request, events: Sequence[StoredEvent], limit: int) -> int:
    """Return how many events from the page's first fit into 1 MB, one at the least."""
    first, last = request.get("startTime"), request.get("endTime")
    lower = 0 if first is None else bisect_left(events, first, key=_timestamp_of)
    upper = len(events) if last is None else bisect_left(events, last, key=_timestamp_of)
    forward = request.get("startFromHead", False)
    position = lower if forward else upper
    if token := request.get("nextToken"):
        forward, position = cloudwatch_logs._event_token_position(events, len(events), token)
        position = min(max(position, lower), upper)
    page = range(position, min(position + limit, upper))
    if not forward:
        page = range(position - 1, max(lower, position - limit) - 1, -1)
    length = 0
    for number, index in enumerate(page):
        length += events[index].length
        if number and length > LARGEST_PAGE_BYTES:
            return number
    return limit
