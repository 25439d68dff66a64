"""The growth of the costs: with the body, the stream, the keys, the models, the records."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from benchmarks import fixtures, records, subjects
from benchmarks.cold_start import to_first_answer
from benchmarks.environment import BenchmarkEnvironment, upstream
from benchmarks.fixtures import Operation
from benchmarks.grown_catalog import grown
from benchmarks.metrics import FLOOR, GATEWAY, interleaved
from benchmarks.scaling import Curve
from benchmarks.subjects import Contender
from benchmarks.throughput import per_call
from claude_bedrock import catalog

_START, _CALL = "start", "JSON call"


@dataclass(frozen=True, slots=True)
class Sizes:
    """`rounds`: how often each point is taken."""

    rounds: int
    bodies: Sequence[int]
    streams: Sequence[int]
    keys: Sequence[int]
    models: Sequence[int]
    records: Sequence[int]


FULL = Sizes(
    rounds=7,
    bodies=(1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 5_000_000),
    streams=(10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 50_000),
    keys=(10, 30, 100, 300, 1_000, 3_000, 10_000),
    models=(len(catalog.MODELS), 50, 100, 200, 400, 1_000),
    records=(10_000, 30_000, 100_000, 300_000, 1_000_000),
)
QUICK = Sizes(
    rounds=1,
    bodies=(1_000, 100_000),
    streams=(10, 1_000),
    keys=(10, 1_000),
    models=(len(catalog.MODELS), 100),
    records=(1_000, 4_000),
)

_BYTES_A_ROUND, _EVENTS_A_ROUND, _CALLS_A_ROUND = 5_000_000, 4_000, 50

Costs = Mapping[str, float]
Starts = Mapping[int, Callable[[], Contender]]


class _Point(NamedTuple):
    """Somebody makes so many calls at a size."""

    size: int
    contender: str
    start: Callable[[], Contender]
    operation: Operation
    times: int


def curves(environment: BenchmarkEnvironment, sizes: Sizes) -> Iterator[Curve]:
    """Yield one after the other, each as soon as it is taken."""
    yield _curve(
        *("body", "One JSON call", "bytes of the request's body", "CPU ms"),
        _calls(list(_bodies(environment, sizes.bodies)), sizes.rounds),
    )
    with ExitStack() as stack:
        streams = [point for n in sizes.streams for point in _stream(environment, n, stack)]
        yield _curve(
            *("stream", "One stream", "events in the stream", "CPU ms"),
            _calls(streams, sizes.rounds),
        )
    knowing = {
        keys: partial(subjects.gateway, environment, variables=_keys(keys)) for keys in sizes.keys
    }
    yield _curve(
        *("keys", "Keys that the function knows", "keys", "CPU ms"),
        _starts_and_calls(environment, knowing, sizes.rounds),
    )
    offering = {models: _offering(environment, models) for models in sizes.models}
    yield _curve(
        *("models", "Models in the catalog, all allowed", "models", "CPU ms"),
        _starts_and_calls(environment, offering, sizes.rounds),
    )


def _curve(name: str, title: str, size: str, unit: str, points: Mapping[int, Costs]) -> Curve:
    names = next(iter(points.values()))
    costs = {contender: [point[contender] for point in points.values()] for contender in names}
    return Curve(name, title, size, unit, list(points), costs)


def _bodies(environment: BenchmarkEnvironment, sizes: Sequence[int]) -> Iterator[_Point]:
    for size in sizes:
        operation, times = fixtures.json_call_of(size), min(_CALLS_A_ROUND, _BYTES_A_ROUND // size)
        yield _Point(size, GATEWAY, partial(subjects.gateway, environment), operation, times)
        yield _Point(size, FLOOR, partial(subjects.bare_loop, environment), operation, times)


def _stream(environment: BenchmarkEnvironment, events: int, stack: ExitStack) -> Iterator[_Point]:
    operation, times = (
        fixtures.stream(events),
        max(1, min(_CALLS_A_ROUND, _EVENTS_A_ROUND // events)),
    )
    file = environment.scratch / f"stream-of-{events}"
    file.write_bytes(operation.answer)
    endpoint = stack.enter_context(upstream(events))
    gateway = partial(subjects.gateway, environment, endpoint=endpoint)
    yield _Point(events, GATEWAY, gateway, operation, times)
    floor = partial(subjects.bare_loop, environment, stream_file=file)
    yield _Point(events, FLOOR, floor, operation, times)


def _keys(count: int) -> Mapping[str, str]:
    """Return the names of so many keys in the function's environment, the caller's among them;
    short ones, since Linux takes no variable of more than 128 KiB."""
    names = {f"{number:x}": "n" for number in range(count - 1)} | {fixtures.KEY_ID: "n"}
    return {"API_KEY_NAMES": json.dumps(names, separators=(",", ":"))}


def _offering(environment: BenchmarkEnvironment, count: int) -> Callable[[], Contender]:
    """Return a start of the function with so many models, the last of which has been seen to be
    there."""
    folder = environment.scratch / f"function-of-{count}"
    allowed = [fixtures.MODEL, *grown(environment.function_folder, count, folder)]
    variables = {"ALLOWED_MODELS": ",".join(allowed)}
    start = partial(subjects.gateway, environment, folder=folder, variables=variables)
    with closing(start()) as function:
        function.call(fixtures.json_call(model=allowed[-1]))
    return start


def _starts_and_calls(
    environment: BenchmarkEnvironment, starts: Starts, rounds: int
) -> Mapping[int, Costs]:
    """Beside the bare loop, which knows nothing that grows."""
    started, operation = list[_Point](), fixtures.json_call()
    for size, start in starts.items():
        floor = partial(subjects.bare_loop, environment)
        started.append(_Point(size, f"{GATEWAY}, {_CALL}", start, operation, _CALLS_A_ROUND))
        started.append(_Point(size, f"{FLOOR}, {_CALL}", floor, operation, _CALLS_A_ROUND))
    calls = _calls(started, rounds)
    samplers = {
        (point.size, point.contender.replace(_CALL, _START)): partial(to_first_answer, point.start)
        for point in started
    }
    starting = _medians(interleaved(rounds, samplers))
    return {size: {**starting[size], **calls[size]} for size in starts}


def _calls(points: Sequence[_Point], rounds: int) -> Mapping[int, Costs]:
    """Each round asks at every size once; one more round before them is not counted."""
    with ExitStack() as stack:
        samplers = {}
        for point in points:
            contender = stack.enter_context(closing(point.start()))
            contender.call(point.operation, point.times)
            samplers[point.size, point.contender] = partial(
                per_call, contender, point.operation, point.times
            )
        return _medians(interleaved(rounds, samplers))


def _medians(samples: Mapping[tuple[int, str], Sequence[float]]) -> Mapping[int, Costs]:
    costs: dict[int, dict[str, float]] = {}
    for (size, contender), taken in samples.items():
        costs.setdefault(size, {})[contender] = statistics.median(taken)
    return costs


def record_curves(sizes: Sequence[int]) -> Iterator[Curve]:
    """Measure each number of records once, and yield the curves: a million take longer than any
    noise."""
    taken = {size: list(records.measured(size)) for size in sizes}
    seconds = {
        size: {step.step: step.cpu_seconds for step in steps} for size, steps in taken.items()
    }
    mib = {size: {step.step: step.peak_mib for step in steps} for size, steps in taken.items()}
    yield _curve("records", "A month of records: time", "calls", "CPU seconds", seconds)
    yield _curve("records-memory", "A month of records: memory", "calls", "MiB, peak", mib)
