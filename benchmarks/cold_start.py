"""The cost of a start: to the first answer, and to the first byte that Bedrock is sent."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks import fixtures, subjects
from benchmarks.environment import BenchmarkEnvironment
from benchmarks.metrics import FLOOR, GATEWAY, GATEWAY_TLS, Figure, Target, interleaved
from benchmarks.subjects import Contender
from benchmarks.timestamping_upstream import WatchedUpstream
from benchmarks.translators import translators
from benchmarks.upstream import json_response
from benchmarks.workload import Effort


def first_answer(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """From the start of the process to its first 200 delivered and recorded."""
    starting: dict[str, Callable[[], Contender]] = {
        FLOOR: partial(subjects.bare_loop, environment),
        GATEWAY: partial(subjects.gateway, environment),
        GATEWAY_TLS: partial(subjects.gateway, environment, endpoint=environment.tls_endpoint),
        **translators(environment),
    }
    samplers = {name: partial(to_first_answer, start) for name, start in starting.items()}
    samples = interleaved(effort.starts, samplers)
    targets = [Target(2.4, FLOOR, contender=GATEWAY_TLS)]
    return Figure("Start to the first 200", "CPU ms", samples, targets)


def first_byte(environment: BenchmarkEnvironment, effort: Effort) -> Figure:
    """From the start of the process to the first byte of the request that the upstream reads. The
    bare loop, which has no upstream, is taken to its first answer."""
    samplers = {
        FLOOR: partial(to_first_answer, partial(subjects.bare_loop, environment)),
        GATEWAY: partial(_to_first_byte, environment, None),
        GATEWAY_TLS: partial(_to_first_byte, environment, environment.certificate),
    }
    samples = interleaved(effort.starts, samplers)
    targets = [Target(1.9, FLOOR, contender=GATEWAY_TLS)]
    return Figure("Start until the first byte for Bedrock leaves", "CPU ms", samples, targets)


def to_first_answer(start: Callable[[], Contender]) -> float:
    """CPU ms of a process that is started and makes one call."""
    with closing(start()) as contender:
        contender.call(fixtures.json_call())
        return contender.process.cpu_ms()


def _to_first_byte(environment: BenchmarkEnvironment, certificate: Path | None) -> float:
    operation = fixtures.json_call()
    with closing(WatchedUpstream(json_response(operation), certificate)) as upstream:
        with closing(subjects.gateway(environment, endpoint=upstream.endpoint)) as contender:
            upstream.watch(contender.process.cpu_ms)
            contender.call(operation)
        return upstream.seen()
