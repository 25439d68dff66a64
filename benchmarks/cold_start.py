"""What a start costs: to the first answer, and to the first byte that Bedrock is sent."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks import fixtures, subjects
from benchmarks.environment import Ground
from benchmarks.litellm_proxy import LiteLlm
from benchmarks.metrics import FLOOR, GATEWAY, GATEWAY_TLS, LITELLM, Figure, Reach, interleaved
from benchmarks.subjects import Contender
from benchmarks.timestamping_upstream import WatchedUpstream
from benchmarks.upstream import json_response
from benchmarks.workload import Effort

_OURS = (GATEWAY, GATEWAY_TLS)


def first_answer(ground: Ground, effort: Effort) -> Figure:
    """From the start of the process to its first 200 delivered and recorded."""
    starting: dict[str, Callable[[], Contender]] = {
        FLOOR: partial(subjects.bare_loop, ground),
        GATEWAY: partial(subjects.gateway, ground),
        GATEWAY_TLS: partial(subjects.gateway, ground, endpoint=ground.tls_endpoint),
    }
    if ground.peers:
        starting[LITELLM] = partial(LiteLlm, ground)
    samplers = {name: partial(to_first_answer, start) for name, start in starting.items()}
    samples = interleaved(effort.starts, samplers)
    reaches = [Reach(2, FLOOR, who=each) for each in _OURS]
    return Figure("Start to the first 200", "CPU ms", samples, reaches)


def first_byte(ground: Ground, effort: Effort) -> Figure:
    """From the start of the process to the first byte of the request that the upstream reads. The
    bare loop, which has no upstream, is taken to its first answer."""
    samplers = {
        FLOOR: partial(to_first_answer, partial(subjects.bare_loop, ground)),
        GATEWAY: partial(_to_first_byte, ground, None),
        GATEWAY_TLS: partial(_to_first_byte, ground, ground.certificate),
    }
    samples = interleaved(effort.starts, samplers)
    reaches = [Reach(1.5, FLOOR, who=each) for each in _OURS]
    return Figure("Start until the first byte for Bedrock leaves", "CPU ms", samples, reaches)


def to_first_answer(start: Callable[[], Contender]) -> float:
    """CPU ms of a process that is started and makes one call."""
    with closing(start()) as contender:
        contender.call(fixtures.json_call())
        return contender.process.cpu_ms()


def _to_first_byte(ground: Ground, certificate: Path | None) -> float:
    operation = fixtures.json_call()
    with closing(WatchedUpstream(json_response(operation), certificate)) as upstream:
        with closing(subjects.gateway(ground, endpoint=upstream.endpoint)) as contender:
            upstream.watch(contender.process.cpu_ms)
            contender.call(operation)
        return upstream.seen()
