"""Which figures are taken, of whom, and how often."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial

from benchmarks import canned, contenders
from benchmarks.canned import Operation
from benchmarks.contenders import Contender
from benchmarks.figures import BOTO3, FLOOR, GATEWAY, GATEWAY_TLS, Figure, Reach, interleaved
from benchmarks.ground import Ground


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each thing is done."""

    starts: int
    rounds: int
    json_calls: int
    streams: int


FULL = Effort(starts=25, rounds=25, json_calls=100, streams=8)
QUICK = Effort(starts=2, rounds=2, json_calls=2, streams=1)


def cold_start(ground: Ground, effort: Effort) -> Figure:
    """From the start of the process to its first 200 delivered and recorded."""
    starts: dict[str, Callable[[], Contender]] = {
        FLOOR: partial(contenders.bare_loop, ground),
        GATEWAY: partial(contenders.gateway, ground),
        GATEWAY_TLS: partial(contenders.gateway, ground, tls=True),
    }
    samplers = {name: partial(_one_start, start) for name, start in starts.items()}
    samples = interleaved(effort.starts, samplers)
    return Figure("Cold start to the first 200", Reach(6, is_ratio=True), samples)


def json_call(ground: Ground, effort: Effort) -> Figure:
    """One call answered by a JSON message, of processes that have been running for a while."""
    samples = _samples(ground, canned.json_call(), effort.json_calls, effort.rounds)
    return Figure("JSON call", Reach(3, is_ratio=True), samples)


def stream(ground: Ground, effort: Effort) -> Figure:
    """One call answered by a stream that comes in one burst, likewise."""
    samples = _samples(ground, canned.stream(), effort.streams, effort.rounds)
    return Figure(f"Stream of {canned.EVENTS} events", Reach(20, is_ratio=False), samples)


def _one_start(start: Callable[[], Contender]) -> float:
    with closing(start()) as contender:
        contender.call(canned.json_call())
        return contender.cpu_ms()


def _samples(
    ground: Ground, operation: Operation, times: int, rounds: int
) -> Mapping[str, list[float]]:
    with _warm(ground, operation, times) as running:
        samplers = {
            name: partial(_per_call, contender, operation, times)
            for name, contender in running.items()
        }
        return interleaved(rounds, samplers)


@contextmanager
def _warm(ground: Ground, operation: Operation, times: int) -> Iterator[dict[str, Contender]]:
    with ExitStack() as stack:
        running: dict[str, Contender] = {
            FLOOR: stack.enter_context(closing(contenders.bare_loop(ground))),
            GATEWAY: stack.enter_context(closing(contenders.gateway(ground))),
            BOTO3: stack.enter_context(closing(contenders.direct_boto3(ground))),
        }
        for contender in running.values():
            contender.call(operation, times)
        yield running


def _per_call(contender: Contender, operation: Operation, times: int) -> float:
    before = contender.cpu_ms()
    contender.call(operation, times)
    return (contender.cpu_ms() - before) / times
