"""The other gateways of a run, which translate a client's format for Bedrock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from benchmarks.environment import BenchmarkEnvironment
from benchmarks.ferro_gateway import Ferro
from benchmarks.litellm_proxy import LiteLlm
from benchmarks.metrics import FERRO, LITELLM
from benchmarks.subjects import Contender


def translators(
    environment: BenchmarkEnvironment, *, endpoint: str = ""
) -> Mapping[str, Callable[[], Contender]]:
    """Return what starts each of them, in a run that has peers, and nothing in another."""
    if environment.peers is None:
        return {}
    return {
        FERRO: partial(Ferro, environment, endpoint=endpoint),
        LITELLM: partial(LiteLlm, environment, endpoint=endpoint),
    }
