"""docs/openapi.yaml tells of the API that the template makes: its methods, who needs a key, how it
refuses by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from stacks.components.api.error_responses import REFUSALS, SIGNED_REFUSALS
from tests.infrastructure.test_gateway import methods
from tools.synthesis import ROOT, Synthesis

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        yield from ((path, verb.upper(), about) for verb, about in item.items())


def method_for(synthesis: Synthesis, path: str, verb: str) -> dict[str, Any]:
    """The method that takes such a request: its own, or the one for everything else."""
    known = methods(synthesis)
    return known.get((path, verb)) or known["/{proxy+}" if path != "/" else "/", "ANY"]


def test_every_method_of_the_template_is_documented(any_stage: Synthesis) -> None:
    documented = {(path, verb) for path, verb, _ in operations()}
    own = {method for method in methods(any_stage) if method[1] not in ("ANY", "OPTIONS")}
    assert own <= documented  # a preflight is a browser's, on every path


def test_what_needs_no_key_there_needs_none_here(any_stage: Synthesis) -> None:
    for path, verb, about in operations():
        open_there = method_for(any_stage, path, verb)["AuthorizationType"] == "NONE"
        assert (about.get("security") == []) == open_there, (path, verb)


def test_api_gateways_own_refusals_are_documented() -> None:
    own = {str(refusal.status) for refusal in (*REFUSALS.values(), *SIGNED_REFUSALS.values())} - {
        "None"
    }
    for path, verb, about in operations():
        if about.get("security") != []:
            assert own <= set(about["responses"]), (path, verb)
