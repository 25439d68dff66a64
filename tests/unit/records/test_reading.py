"""Pages and objects are read whole, in order and many at once, whatever CloudWatch repeats."""

import io
from collections.abc import Iterator, Mapping
from threading import Barrier
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.records import log_events
from claude_bedrock.records.fetch import AT_ONCE, each_in_order, fetch_in_order
from claude_bedrock.records.log_events import filter_events, filter_events_at_once
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.records.window import UnreadableError
from claude_bedrock.verification.large_bodies import LargeBodies
from claude_bedrock.verification.reconciliation import Destination

Page = tuple[list[int], str | None]
TOGETHER_S = 20


class Logs:
    """boto3's client: by the token that is sent, the page that comes; events are their times."""

    def __init__(self, pages: Mapping[tuple[int, str | None], Page]) -> None:
        self._pages = pages
        self.calls = 0

    def filter_log_events(
        self,
        *,
        startTime: int,  # noqa: N803
        nextToken: str | None = None,  # noqa: N803
        **_: object,
    ) -> dict[str, Any]:
        self.calls += 1
        assert self.calls < 50, "it does not come to an end"
        times, token = self._pages[startTime, nextToken]
        events = [{"timestamp": at, "eventId": f"e{at}", "message": "m"} for at in times]
        return {"events": events, **({"nextToken": token} if token else {})}


def times(pages: Mapping[tuple[int, str | None], Page]) -> list[int]:
    result = filter_events(Logs(pages), start_ms=0, end_ms=99, logGroupName="/group")
    return [item["timestamp"] for item in result]


def test_pages_are_read_to_the_end_empty_ones_too() -> None:
    pages: dict[tuple[int, str | None], Page] = {
        (0, None): ([1, 2], "a"),
        (0, "a"): ([], "b"),
        (0, "b"): ([3], None),
    }

    assert times(pages) == [1, 2, 3]


def test_a_token_that_is_repeated_loses_and_doubles_nothing() -> None:
    """What boto3's paginator ends at: "The same next token was received twice"."""
    pages: dict[tuple[int, str | None], Page] = {
        (0, None): ([1, 2], "a"),
        (0, "a"): ([3, 4], "a"),
        (4, None): ([4, 5], "b"),
        (4, "b"): ([6], None),
    }

    assert times(pages) == [1, 2, 3, 4, 5, 6]


def test_tokens_that_go_round_in_a_circle_are_left() -> None:
    pages: dict[tuple[int, str | None], Page] = {
        (0, None): ([1], "a"),
        (0, "a"): ([2], "b"),
        (0, "b"): ([], "a"),
        (2, None): ([2], None),
    }

    assert times(pages) == [1, 2]


def test_a_log_group_without_an_end_is_unreadable() -> None:
    pages: dict[tuple[int, str | None], Page] = {
        (0, None): ([1], "a"),
        (0, "a"): ([], "a"),
        (1, None): ([1], "a"),
        (1, "a"): ([], "a"),
    }

    with pytest.raises(UnreadableError, match="repeats a page of /group without end"):
        times(pages)


class Group:
    """A log group of events at these times, two a page."""

    def __init__(self, times: list[int]) -> None:
        self._times = times

    def filter_log_events(
        self,
        *,
        startTime: int,  # noqa: N803
        endTime: int,  # noqa: N803
        nextToken: str = "",  # noqa: N803
        **_: object,
    ) -> dict[str, Any]:
        first = int(nextToken or 0)
        result = [at for at in self._times if startTime <= at <= endTime]
        page = [
            {"timestamp": at, "eventId": f"e{at}", "message": "m"}
            for at in result[first : first + 2]
        ]
        more = first + 2 < len(result)
        return {"events": page, **({"nextToken": str(first + 2)} if more else {})}


@given(st.lists(st.integers(0, 50), unique=True), st.integers(0, 20), st.integers(0, 40))
def test_parts_of_a_time_that_are_read_at_once_have_each_event_once(
    times: list[int], start: int, length: int
) -> None:
    result = filter_events_at_once(Group(sorted(times)), start_ms=start, end_ms=start + length)

    within = [at for at in sorted(times) if start <= at <= start + length]
    assert sorted(item["timestamp"] for item in result) == within


def test_the_parts_are_read_at_once() -> None:
    together = Barrier(log_events.AT_ONCE)

    class Waits(Group):
        def filter_log_events(self, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
            together.wait(TOGETHER_S)
            return super().filter_log_events(**parameters)

    result = filter_events_at_once(Waits([1, 30, 60, 90]), start_ms=0, end_ms=100)
    assert [item["timestamp"] for item in result] == [1, 30, 60, 90]


def test_a_part_that_fails_ends_the_reading() -> None:
    class Refuses(Group):
        def filter_log_events(self, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
            if parameters["startTime"] >= 75:
                raise OSError("refused")
            return super().filter_log_events(**parameters)

    with pytest.raises(OSError, match="refused"):
        list(filter_events_at_once(Refuses([1, 30]), start_ms=0, end_ms=100))


def test_objects_are_fetched_at_once_and_come_in_order() -> None:
    together = Barrier(AT_ONCE)

    def get(item: Mapping[str, Any]) -> IO[bytes]:
        together.wait(TOGETHER_S)
        return io.BytesIO(item["Key"].encode())

    items = [{"Key": f"{number:03}", "Size": 1} for number in range(2 * AT_ONCE)]

    assert [(item, body.read().decode()) for item, body in fetch_in_order(get, items)] == [
        (item, item["Key"]) for item in items
    ]


def test_large_objects_are_not_held_together() -> None:
    held: list[str] = []

    def get(item: Mapping[str, Any]) -> IO[bytes]:
        held.append(item["Key"])
        return io.BytesIO(b"")

    items = [{"Key": str(number), "Size": 60 * 1024 * 1024} for number in range(3)]
    fetched = fetch_in_order(get, items)
    next(fetched)

    assert held == ["0"]
    assert [item["Key"] for item, _ in fetched] == ["1", "2"]


def test_what_an_object_cannot_be_fetched_by_is_raised() -> None:
    def get(_item: Mapping[str, Any]) -> IO[bytes]:
        raise OSError("refused")

    with pytest.raises(OSError, match="refused"):
        list(fetch_in_order(get, [{"Key": "1", "Size": 1}]))


def test_large_bodies_are_requested_at_once_and_each_one_once() -> None:
    together = Barrier(AT_ONCE)
    request: list[str] = []

    def stat(path: str) -> ObjectStat | None:
        together.wait(TOGETHER_S)
        request.append(path)
        return None if path == "s3://b/3" else ObjectStat(1, "etag")

    def records() -> Iterator[tuple[Destination, LogItem]]:
        for number in range(AT_ONCE):
            side = {"inputBodyS3Path": f"s3://b/{number}"}
            yield "S3", LogItem("s3://b/a", 0, {"input": side, "output": None})
            yield "S3", LogItem("s3://b/a", 0, {"input": "of another form"})
            yield "S3", LogItem("s3://b/a", 0, None, "no JSON")

    bodies = LargeBodies(stat)

    stored = [
        bodies.stat(record.content["input"]["inputBodyS3Path"]) is not None
        for _, record in bodies.prefetched(records())
        if record.content and isinstance(record.content["input"], dict)
    ]

    assert stored == [number != 3 for number in range(AT_ONCE)]
    assert sorted(request) == sorted(f"s3://b/{number}" for number in range(AT_ONCE))


def test_questions_are_answered_in_their_order() -> None:
    assert list(each_in_order(str, range(2000))) == [
        (number, str(number)) for number in range(2000)
    ]
