"""What a call costs once the process has been running for a while: as JSON, as a stream, beside
others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial

from benchmarks import fixtures, subjects
from benchmarks.concurrent_callers import gathered
from benchmarks.direct_client import Direct
from benchmarks.environment import Ground, upstream
from benchmarks.fixtures import Operation
from benchmarks.litellm_proxy import LiteLlm
from benchmarks.metrics import (
    BOTO3,
    DIRECT,
    FLOOR,
    GATEWAY,
    LITELLM,
    RELAY,
    Figure,
    Reach,
    interleaved,
)
from benchmarks.subjects import Contender
from benchmarks.workload import Effort

_FEW_EVENTS = 10


def json_call(ground: Ground, effort: Effort) -> Figure:
    """One call answered by a JSON message."""
    samples = _samples(_everybody(ground), fixtures.json_call(), effort.json_calls, effort.rounds)
    reaches = [Reach(2, FLOOR), Reach(0.7, BOTO3), Reach(0.05, LITELLM)]
    return Figure("JSON call", "CPU ms", samples, reaches)


def stream(ground: Ground, effort: Effort) -> Figure:
    """One call answered by a stream that comes in one burst."""
    samples = _samples(_everybody(ground), fixtures.stream(), effort.streams, effort.rounds)
    reaches = [Reach(6, FLOOR), Reach(0.2, BOTO3), Reach(0.05, LITELLM)]
    return Figure(f"Stream of {fixtures.EVENTS} events", "CPU ms", samples, reaches)


def native_stream(ground: Ground, effort: Effort) -> Figure:
    """The same stream by Bedrock's own operation, whose bytes pass."""
    starting = {
        RELAY: partial(subjects.raw_relay, ground),
        GATEWAY: partial(subjects.gateway, ground),
    }
    samples = _samples(starting, fixtures.native_stream(), effort.streams, effort.rounds)
    title = f"Native stream of {fixtures.EVENTS} events"
    return Figure(title, "CPU ms", samples, [Reach(5, RELAY)])


def first_event(ground: Ground, effort: Effort) -> Figure:
    """How long one caller waits, by the clock, for a short stream's first bytes."""
    operation = fixtures.stream(_FEW_EVENTS)
    with ExitStack() as stack:
        endpoint = stack.enter_context(upstream(_FEW_EVENTS))
        direct = stack.enter_context(Direct(endpoint))
        gateway = subjects.gateway(ground, endpoint=endpoint)
        stack.enter_context(closing(gateway))
        waits = {
            DIRECT: partial(direct.first_ms, operation),
            GATEWAY: partial(gateway.first_ms, operation),
        }
        interleaved(max(1, effort.first_events // 20), waits)
        samples = interleaved(effort.first_events, waits)
    reaches = [
        Reach(3, DIRECT, how="above"),
        Reach(10, DIRECT, how="above", percentile=99),
    ]
    return Figure("Time to the first event, one caller", "ms by the clock", samples, reaches)


def many_callers(ground: Ground, effort: Effort) -> Figure:
    """Streams for many callers at once. An environment of a function serves one call at a time, so
    there are as many of them as callers; LiteLLM is one process."""
    operation, callers = fixtures.stream(), effort.callers
    starting: dict[str, tuple[Callable[[], Contender], int]] = {
        FLOOR: (partial(subjects.bare_loop, ground), callers),
        GATEWAY: (partial(subjects.gateway, ground), callers),
    }
    if ground.peers:
        starting[LITELLM] = partial(LiteLlm, ground), 1
    with ExitStack() as stack:
        samplers = {}
        for name, (start, processes) in starting.items():
            crowd = stack.enter_context(closing(gathered(callers, processes, start)))
            crowd.call(operation, effort.streams)
            samplers[name] = partial(crowd.per_second_of_cpu, operation, effort.streams)
        samples = interleaved(max(2, effort.rounds // 5), samplers)
    reaches = [Reach(15, LITELLM, at_least=True)]
    return Figure(f"Streams for {callers} callers at once", "per CPU second", samples, reaches)


def _everybody(ground: Ground) -> Mapping[str, Callable[[], Contender]]:
    everybody: dict[str, Callable[[], Contender]] = {
        FLOOR: partial(subjects.bare_loop, ground),
        GATEWAY: partial(subjects.gateway, ground),
        BOTO3: partial(subjects.direct_boto3, ground),
    }
    return {**everybody, LITELLM: partial(LiteLlm, ground)} if ground.peers else everybody


def _samples(
    starting: Mapping[str, Callable[[], Contender]], operation: Operation, times: int, rounds: int
) -> Mapping[str, list[float]]:
    with _warm(starting, operation, times) as running:
        samplers = {
            name: partial(per_call, contender, operation, times)
            for name, contender in running.items()
        }
        return interleaved(rounds, samplers)


@contextmanager
def _warm(
    starting: Mapping[str, Callable[[], Contender]], operation: Operation, times: int
) -> Iterator[Mapping[str, Contender]]:
    with ExitStack() as stack:
        running = {name: stack.enter_context(closing(start())) for name, start in starting.items()}
        for contender in running.values():
            contender.call(operation, times)
        yield running


def per_call(contender: Contender, operation: Operation, times: int) -> float:
    """CPU ms of one call, over so many of them."""
    before = contender.process.cpu_ms()
    contender.call(operation, times)
    return (contender.process.cpu_ms() - before) / times
