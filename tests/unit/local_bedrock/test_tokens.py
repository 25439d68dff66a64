"""Counts follow the documented rule, and the prompt cache reads what was written before."""

import json
from base64 import b64encode
from typing import Any

import pytest

from local.bedrock import schema
from local.bedrock.tokens import LOOKBACK, PromptCache, Usage, count_prompt
from tests.unit.local_bedrock.files import pdf as made

LONG = "x" * 4 * 1024


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def usage(cache: PromptCache, prompt: schema.Request, scope: str = "a") -> Usage:
    return cache.usage(prompt, scope, smallest=1024)


def request(*content: Any, **fields: Any) -> schema.Request:  # noqa: ANN401
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": list(content)}],
        **fields,
    }
    return schema.parse(json.dumps(body).encode())


def text(value: str, ttl: str | None = None) -> dict[str, Any]:
    marker = {"cache_control": {"type": "ephemeral", "ttl": ttl}} if ttl else {}
    return {"type": "text", "text": value, **marker}


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ([text("12345678")], 2),
        ([text("123456789")], 3),
        ([text("1"), text("2")], 1),
        (
            [
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": "x" * 99},
                }
            ],
            1500,
        ),
    ],
)
def test_four_characters_are_a_token(content: list[dict[str, Any]], count: int) -> None:
    assert usage(PromptCache(), request(*content)) == Usage(count)
    assert count_prompt(request(*content)) == count


def pdf(content: bytes) -> dict[str, Any]:
    data = b64encode(content).decode()
    source = {"type": "base64", "media_type": "application/pdf", "data": data}
    return {"type": "document", "source": source}


@pytest.mark.parametrize(
    ("content", "pages"),
    [
        (b"no page to be seen", 1),
        (made(1), 1),
        (made(2), 2),
        (made(5), 5),
    ],
)
def test_a_pdf_counts_by_its_pages(content: bytes, pages: int) -> None:
    seen, read = (
        count_prompt(request(pdf(content)), text_only=text_only) for text_only in (False, True)
    )
    assert (seen, read) == (-(-7000 * pages // 3), -(-1000 * pages // 3))


def test_what_a_tool_returns_counts_as_it_would_in_a_message() -> None:
    image = {"type": "base64", "media_type": "image/png", "data": "x" * 9_999}
    use = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
    turns = [{"role": "user", "content": "12345678"}, {"role": "assistant", "content": [use]}]
    before = count_prompt(request(messages=turns))
    result = {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [text("12345678"), {"type": "image", "source": image}],
    }
    answered = [*turns, {"role": "user", "content": [result]}]
    assert count_prompt(request(messages=answered)) == before + 1502


def test_the_second_time_the_prefix_is_read() -> None:
    cache = PromptCache()
    assert usage(cache, request(text(LONG, "5m"), text("q1")), "a") == Usage(1, written_5m=1024)
    assert usage(cache, request(text(LONG, "5m"), text("q2q2q2")), "a") == Usage(2, cache_read=1024)
    assert usage(cache, request(text(LONG, "5m"), text("q1")), "b").cache_read == 0


def test_a_marker_that_moves_on_extends_what_was_cached() -> None:
    cache = PromptCache()
    usage(cache, request(text(LONG, "5m"), text("q")), "a")
    grown = usage(cache, request(text(LONG), text("y" * 400, "1h"), text("q")), "a")
    assert grown == Usage(1, cache_read=1024, written_1h=100)


def test_a_short_prefix_is_not_cached() -> None:
    cache, short = PromptCache(), request(text(LONG[1:1000], "5m"))
    assert usage(cache, short) == usage(cache, short) == Usage(250)


def test_a_prefix_is_forgotten_after_its_time() -> None:
    clock = Clock()
    cache, prompt = PromptCache(clock), request(text(LONG, "5m"))
    usage(cache, prompt, "a")
    clock.seconds = 299
    assert usage(cache, prompt, "a").cache_read == 1024
    clock.seconds = 299 + 301
    assert usage(cache, prompt, "a").cache_write == 1024


def test_the_shortest_prefix_that_is_kept_is_the_models() -> None:
    prompt = request(text(LONG, "5m"), text("q"))
    kept = [PromptCache().usage(prompt, "a", smallest=n).cache_write for n in (1024, 1025)]
    assert kept == [1024, 0]


@pytest.mark.parametrize(("between", "read"), [(LOOKBACK - 2, 1024), (LOOKBACK - 1, 0)])
def test_a_prefix_is_found_twenty_blocks_before_a_marker_and_no_further(
    between: int, read: int
) -> None:
    cache = PromptCache()
    usage(cache, request(text(LONG, "5m")))
    grown = request(text(LONG), *[text("y")] * between, text("z", "5m"))
    assert usage(cache, grown).cache_read == read
