"""Log events of the embedded AWS: pages and batches as CloudWatch Logs has them."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ministack.core.responses import AccountRegionScopedDict  # type: ignore[import-untyped]
from ministack.services import cloudwatch_logs  # type: ignore[import-untyped]

from local.aws.event_batches import batches
from local.embedded import filter_patterns, log_batches, log_events, log_pages

GROUP = {"logGroupName": "/a"}
LONG = "x" * 300_000
_PATCHED = (
    *("_append_log_events", "_put_log_events", "_get_log_events", "_filter_log_events"),
    "_compile_filter_pattern",
)

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask MiniStack, with what is added to it, for an operation on a log group of two streams."""
    for name in _PATCHED:
        monkeypatch.setattr(cloudwatch_logs, name, getattr(cloudwatch_logs, name))
    for name in ("_log_groups", "_log_records"):
        monkeypatch.setattr(cloudwatch_logs, name, AccountRegionScopedDict())
    for addition in (log_batches, log_events, log_pages, filter_patterns):
        addition.add()

    def call(operation: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        _, _, body = getattr(cloudwatch_logs, f"_{operation}")({**GROUP, **request})
        reply: dict[str, Any] = json.loads(body)
        return reply

    call("create_log_group")
    for stream in ("one", "two"):
        call("create_log_stream", logStreamName=stream)
    return call


def put(ask: Ask, stream: str, *events: tuple[int, str]) -> dict[str, Any]:
    log_events = [{"timestamp": at, "message": message} for at, message in events]
    return ask("put_log_events", logStreamName=stream, logEvents=log_events)


def pages(ask: Ask, **request: Any) -> Iterator[list[dict[str, Any]]]:  # noqa: ANN401 - JSON
    token: dict[str, str] = {}
    while token is not None:
        reply = ask("filter_log_events", **request, **token)
        yield reply["events"]
        if "nextToken" not in reply:
            return
        token = {"nextToken": reply["nextToken"]}


def test_a_page_has_ten_thousand_events_and_names_the_next(ask: Ask) -> None:
    for _ in range(2):
        put(ask, "one", *[(1, "audit")] * 6000)

    assert [len(page) for page in pages(ask)] == [10_000, 2_000]


def test_a_page_has_a_megabyte(ask: Ask) -> None:
    put(ask, "one", (1, LONG), (2, LONG), (3, LONG))
    put(ask, "two", (2, LONG), (4, LONG))

    found = [[(e["timestamp"], e["logStreamName"]) for e in page] for page in pages(ask)]

    assert found == [[(1, "one"), (2, "one"), (2, "two")], [(3, "one"), (4, "two")]]


def test_get_log_events_has_a_megabyte_from_either_end(ask: Ask) -> None:
    for times in ((1, 2, 3), (4, 5)):
        put(ask, "one", *[(at, LONG) for at in times])

    def read(**request: Any) -> tuple[list[int], dict[str, Any]]:  # noqa: ANN401 - JSON
        reply = ask("get_log_events", logStreamName="one", **request)
        return [event["timestamp"] for event in reply["events"]], reply

    first, reply = read(startFromHead=True)
    second, _ = read(nextToken=reply["nextForwardToken"])
    newest, reply = read()
    older, _ = read(nextToken=reply["nextBackwardToken"])

    assert (first, second, newest, older) == ([1, 2, 3], [4, 5], [3, 4, 5], [1, 2])
    assert read(limit=2, startFromHead=True)[0] == [1, 2]


def test_events_that_come_late_are_in_their_place_and_none_comes_twice(ask: Ask) -> None:
    put(ask, "one", (10, "a"), (30, "c"))
    first = ask("filter_log_events", limit=1)
    put(ask, "one", (5, "too early"), (20, "b"))
    rest = ask("filter_log_events", nextToken=first["nextToken"])

    assert [event["message"] for event in rest["events"]] == ["b", "c"]
    assert len({event["eventId"] for page in pages(ask) for event in page}) == 4


def test_a_pattern_that_matches_late_costs_empty_pages(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "LONGEST_SCAN_BYTES", 500_000)
    put(ask, "one", (1, LONG), (2, LONG), (3, "audit"))

    found = [[event["message"] for event in page] for page in pages(ask, filterPattern='"audit"')]

    assert found == [[], ["audit"]]


EVENTS = st.lists(
    st.tuples(st.sampled_from(["one", "two"]), st.integers(0, 9), st.text(max_size=3)), max_size=12
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(EVENTS, st.integers(1, 4), st.integers(0, 9), st.integers(0, 9))
def test_pages_have_each_event_of_the_time_once(
    ask: Ask, written: Sequence[tuple[str, int, str]], limit: int, start: int, end: int
) -> None:
    for stream in ("one", "two"):
        ask("delete_log_stream", logStreamName=stream)
        ask("create_log_stream", logStreamName=stream)
    for stream, at, message in written:
        put(ask, stream, (at, message))

    found = [
        event for page in pages(ask, limit=limit, startTime=start, endTime=end) for event in page
    ]

    by_time = sorted(written, key=lambda event: event[1])
    assert [(e["logStreamName"], e["timestamp"], e["message"]) for e in found] == [
        event for event in by_time if start <= event[1] <= end
    ]


@pytest.mark.parametrize(
    "events",
    [
        [],
        [(1, "a")] * 10_001,
        [(2, "a"), (1, "a")],
        [(1, "a"), (86_400_002, "a")],
        [(1, "x" * 600_000)] * 2,
        [(1, "x" * 1_048_551)],
    ],
)
def test_a_batch_that_aws_refuses_is_refused(ask: Ask, events: list[tuple[int, str]]) -> None:
    assert put(ask, "one", *events)["__type"].endswith("InvalidParameterException")
    assert list(pages(ask)) == [[]]


def test_events_are_cut_into_batches_that_aws_takes() -> None:
    times = [5, 90_000_000, 3, *[7] * 10_001]
    events: list[Any] = [{"timestamp": at, "message": "x" * 100} for at in times]
    events += [{"timestamp": 8, "message": "é" * 300_000}] * 3

    made = list(batches(events))

    assert [log_batches.refusal(batch) for batch in made] == [""] * len(made)
    assert sorted(event["timestamp"] for batch in made for event in batch) == sorted(
        event["timestamp"] for event in events
    )


@pytest.mark.parametrize(
    "request_fields",
    [
        {"nextToken": "a"},
        {"limit": 10_001},
        {"logStreamNames": ["one"], "logStreamNamePrefix": "o"},
    ],
)
def test_what_aws_refuses_of_a_search_is_refused(ask: Ask, request_fields: Any) -> None:  # noqa: ANN401
    reply = ask("filter_log_events", **request_fields)

    assert reply["__type"].endswith("InvalidParameterException")


def test_insights_reads_events_that_lie_in_the_file(ask: Ask) -> None:
    put(ask, "one", (1000, "Zoë asks"))

    query = ask("start_query", queryString="fields @message", startTime=0, endTime=2)
    reply = ask("get_query_results", queryId=query["queryId"])

    assert reply["results"][0][0] == {"field": "@message", "value": "Zoë asks"}
