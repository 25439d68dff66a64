"""The other gateways of a run, which translate a client's format for Bedrock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from benchmarks.claude_gateway import ClaudeGateway
from benchmarks.environment import BenchmarkEnvironment
from benchmarks.ferro_gateway import Ferro
from benchmarks.litellm_proxy import LiteLlm
from benchmarks.metrics import CLAUDE_GATEWAY, FERRO, LITELLM, PORTKEY
from benchmarks.portkey_gateway import Portkey
from benchmarks.subjects import Contender


def translators(
    environment: BenchmarkEnvironment, *, endpoint: str = ""
) -> Mapping[str, Callable[[], Contender]]:
    """Return what starts each of them, in a run that has peers, and nothing in another."""
    if environment.peers is None:
        return {}
    starting: dict[str, Callable[[], Contender]] = {
        FERRO: partial(Ferro, environment, endpoint=endpoint)
    }
    if environment.peers.portkey:
        starting[PORTKEY] = partial(Portkey, environment, endpoint=endpoint)
    if environment.claude:
        starting[CLAUDE_GATEWAY] = partial(
            ClaudeGateway, environment, environment.claude, endpoint=endpoint
        )
    return {**starting, LITELLM: partial(LiteLlm, environment, endpoint=endpoint)}
