"""Counts follow the documented rule, and the prompt cache reads what was written before."""

import json
from base64 import b64encode
from typing import Any

import pytest

from local.bedrock import schema
from local.bedrock.tokens import PromptCache, Usage
from tests.unit.local_bedrock.files import pdf as made

LONG = "x" * 4 * 1024


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


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
    assert PromptCache().usage(request(*content), "scope") == Usage(count)


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
        PromptCache().usage(request(pdf(content)), "scope", text_only=text_only).input
        for text_only in (False, True)
    )
    assert (seen, read) == (-(-7000 * pages // 3), -(-1000 * pages // 3))


def test_what_a_tool_returns_counts_as_it_would_in_a_message() -> None:
    image = {"type": "base64", "media_type": "image/png", "data": "x" * 9_999}
    use = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
    turns = [{"role": "user", "content": "12345678"}, {"role": "assistant", "content": [use]}]
    before = PromptCache().usage(request(messages=turns), "scope").input
    result = {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [text("12345678"), {"type": "image", "source": image}],
    }
    answered = [*turns, {"role": "user", "content": [result]}]
    assert PromptCache().usage(request(messages=answered), "scope").input == before + 1502


def test_the_second_time_the_prefix_is_read() -> None:
    cache = PromptCache()
    assert cache.usage(request(text(LONG, "5m"), text("q1")), "a") == Usage(1, written_5m=1024)
    assert cache.usage(request(text(LONG, "5m"), text("q2q2q2")), "a") == Usage(2, cache_read=1024)
    assert cache.usage(request(text(LONG, "5m"), text("q1")), "b").cache_read == 0


def test_a_marker_that_moves_on_extends_what_was_cached() -> None:
    cache = PromptCache()
    cache.usage(request(text(LONG, "5m"), text("q")), "a")
    grown = cache.usage(request(text(LONG), text("y" * 400, "1h"), text("q")), "a")
    assert grown == Usage(1, cache_read=1024, written_1h=100)


def test_a_short_prefix_is_not_cached() -> None:
    cache, short = PromptCache(), request(text(LONG[1:1000], "5m"))
    assert cache.usage(short, "a") == cache.usage(short, "a") == Usage(250)


def test_a_prefix_is_forgotten_after_its_time() -> None:
    clock = Clock()
    cache, prompt = PromptCache(clock), request(text(LONG, "5m"))
    cache.usage(prompt, "a")
    clock.seconds = 299
    assert cache.usage(prompt, "a").cache_read == 1024
    clock.seconds = 299 + 301
    assert cache.usage(prompt, "a").cache_write == 1024
