"""Synthesizes each stage of cdk.json once for all tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tools.synthesis import STAGES, Synthesis, synthesize


@pytest.fixture(scope="session")
def synthesis(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Synthesis]:
    made: dict[str, Synthesis] = {}

    def of(stage: str) -> Synthesis:
        if stage not in made:
            made[stage] = synthesize(stage, tmp_path_factory.mktemp(stage))
        return made[stage]

    return of


@pytest.fixture(scope="session", params=STAGES)
def any_stage(request: pytest.FixtureRequest, synthesis: Callable[[str], Synthesis]) -> Synthesis:
    """Each stage in turn: for what must hold in all of them."""
    return synthesis(request.param)


@pytest.fixture(scope="session")
def with_entry_table(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """The stage `prod` with its audit log entries in Athena."""
    return synthesize("prod", tmp_path_factory.mktemp("prod"), audit_entry_table=True)


@pytest.fixture(scope="session")
def prod(synthesis: Callable[[str], Synthesis]) -> Synthesis:
    """The stage that keeps its logs, and for 60 days."""
    return synthesis("prod")


@pytest.fixture(scope="session")
def local(synthesis: Callable[[str], Synthesis]) -> Synthesis:
    """The stage that keeps nothing, with three keys, two teams and 30 days."""
    return synthesis("local")


@pytest.fixture(scope="session")
def dev(synthesis: Callable[[str], Synthesis]) -> Synthesis:
    """The stage with the fewest settings of its own."""
    return synthesis("dev")
