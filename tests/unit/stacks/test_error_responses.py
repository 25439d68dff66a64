"""API Gateway's own errors say what happened and what to do."""

import re

import pytest

from stacks.components.api.error_responses import (
    REFUSALS,
    SIGNED_REFUSALS,
    TOKEN_REFUSALS,
    Refusal,
    of_networks,
)

NEXT_STEP = r"\b(Ask|Check|Lower|Send|Shorten|Sign|Sign in|Try again|Wait)\b|this endpoint takes"
ALL = {
    f"{kind}-{name}": refusal
    for kind, refusals in (
        ("keys", REFUSALS),
        ("tokens", TOKEN_REFUSALS),
        ("signed", SIGNED_REFUSALS),
    )
    for name, refusal in refusals.items()
}


@pytest.mark.parametrize("refusal", ALL.values(), ids=ALL)
def test_each_refusal_has_a_next_step(refusal: Refusal) -> None:
    if refusal is REFUSALS["BAD_REQUEST_BODY"]:  # it says what the body has to be
        return
    assert re.search(NEXT_STEP, refusal.message) or "operator" in refusal.message


def test_a_name_keeps_its_capitals_behind_another_reason() -> None:
    assert ", or IAM does not let" in of_networks(SIGNED_REFUSALS)["ACCESS_DENIED"].message
    assert ", or this key may not" in of_networks(REFUSALS)["ACCESS_DENIED"].message
