"""What a call reserves, and what it comes to."""

from __future__ import annotations

import pytest

from claude_bedrock import catalog
from claude_bedrock.budgets.spending import Amounts
from gateway.errors import GatewayError
from gateway.model_call import Attempt
from gateway.reservation import OUTPUT_TOKENS, Bound, used
from gateway.usage import Usage

SONNET = catalog.find("claude-sonnet-4-5")
PROFILE = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"


def bound(body: bytes, *routes: str) -> Bound:
    assert SONNET is not None
    return Bound(SONNET, routes or ("global",), body)


@pytest.mark.parametrize(
    ("body", "output"),
    [
        (b'{"max_tokens": 10}', 10),
        (b'{"inferenceConfig": {"maxTokens":10}}', 10),
        (b'{"max_tokens": 1e1}', 10),
        (b'{"max_tokens": 64000}', OUTPUT_TOKENS),
        (b'{"messages": []}', OUTPUT_TOKENS),
        (b'{"max\\u005ftokens": 64000, "x": {"max_tokens": 1}}', OUTPUT_TOKENS),
        (b'{"max_tokens": 50, "x": {"max_tokens": 1}}', 50),
    ],
)
def test_output_is_the_smaller_of_max_tokens_and_the_ceiling(body: bytes, output: int) -> None:
    assert bound(body).output_tokens == output


def test_input_is_a_token_for_two_bytes_and_no_more_than_the_context() -> None:
    assert bound(b"x" * 1000).input_tokens == 501
    assert bound(b"x" * 5_000_000).input_tokens == SONNET.context_tokens  # type: ignore[union-attr]


def test_an_image_counts_as_the_largest_image_however_many_bytes_it_has() -> None:
    source = b'{"type":"image","source":{"media_type":"image/png","data":"%b"}}' % (b"A" * 300_000)
    assert 5_000 < bound(source).input_tokens < 5_100


@pytest.mark.parametrize(
    ("body", "rate"),
    [
        (b"{}", 3),
        (b'{"cache_control": {"type": "ephemeral"}}', 3.75),
        (b'{"cachePoint": {}}', 3.75),
        (b'{"cache_control": {"ttl": "1h"}}', 6),
    ],
)
def test_input_is_reserved_at_the_dearest_rate_that_the_body_can_ask_for(
    body: bytes, rate: float
) -> None:
    held = bound(body + b'"max_tokens":0')
    assert held.amounts.usd == -(-held.input_tokens * rate * 100 // 100)


def test_of_several_geographies_the_dearest_is_reserved() -> None:
    assert bound(b"x" * 999, "global", "us").amounts.usd == bound(b"x" * 999, "us").amounts.usd
    assert bound(b"x" * 999, "us").amounts.usd > bound(b"x" * 999).amounts.usd


def attempt(status: int | None = 200, *, sent: bool = True, complete: bool = True) -> Attempt:
    made = Attempt(PROFILE)
    made.status, made.is_sent, made.is_complete = status, sent, complete
    made.error = GatewayError("") if status != 200 else None
    return made


USAGE = Usage(input_tokens=10, output_tokens=5)
HELD = bound(b'{"max_tokens": 100}')


@pytest.mark.parametrize(
    ("attempts", "usage", "amounts"),
    [
        ([attempt()], USAGE, Amounts(30 + 75, 15)),
        ([attempt(429), attempt()], USAGE, Amounts(30 + 75, 15)),
        ([attempt(None, sent=False)], Usage(), Amounts()),
        ([attempt(500)], Usage(), Amounts()),
        ([attempt(None)], Usage(), HELD.amounts),
        ([attempt()], Usage(), HELD.amounts),
        ([attempt(complete=False)], USAGE, Amounts(30 + 1500, 110)),
    ],
)
def test_a_call_comes_to_what_bedrock_reports_else_to_what_may_have_run(
    attempts: list[Attempt], usage: Usage, amounts: Amounts
) -> None:
    assert SONNET is not None
    assert used(SONNET, HELD, attempts, usage) == amounts


def test_cache_writes_for_an_hour_cost_their_own_rate() -> None:
    assert SONNET is not None
    told = Usage(0, 0, 1000, 300, 100)
    assert used(SONNET, HELD, [attempt()], told) == Amounts(300 + 750 + 600, 300)
    unsplit = told._replace(cache_creation_1h_input_tokens=None)
    assert used(SONNET, HELD, [attempt()], unsplit).usd == 300 + 1125
    hour = bound(b'{"ttl": "1h"}')
    assert used(SONNET, hour, [attempt()], unsplit).usd == 300 + 1800
