"""How much a call may cost: an upper bound of its request, and what it came to.

A bound of input: no more than a token for two bytes of the body, 5,000 tokens for an image, and the
model's context. A bound of output: `max_tokens`, but no more than OUTPUT_TOKENS. A call whose
input is denser than that, or whose answer is longer, costs more than it reserved.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from claude_bedrock.budgets import spending
from claude_bedrock.budgets.spending import Amounts
from claude_bedrock.catalog import cost
from claude_bedrock.catalog.model import Model
from gateway.model_call import Attempt
from gateway.usage import Usage

OUTPUT_TOKENS: Final = 8_192
"""The most output that a call reserves: to reserve a whole `max_tokens`, which clients set high and
hardly ever use, would refuse calls long before a budget is spent."""
BYTES_PER_TOKEN: Final = 2
IMAGE_TOKENS: Final = 5_000
"""The largest image has 4,784: https://platform.claude.com/docs/en/build-with-claude/vision"""

_MAX_TOKENS: Final = re.compile(rb'"(?:max_tokens|maxTokens)"\s*:\s*([0-9.eE+-]{1,32})')
_ESCAPE: Final = b"\\u00"
"""A name can be written in escapes; a body that holds one has any name in it."""
_IMAGE_DATA: Final = re.compile(rb'"(?:data|bytes)"\s*:\s*"')
_IMAGE: Final = b"image/"
_NEAR_BYTES: Final = 200  # around the name of an image's data, where its media type is
_AN_HOUR: Final = "cache_write_1h"
_SMALL_BYTES: Final = IMAGE_TOKENS * BYTES_PER_TOKEN


class Bound:
    """What a request reserves; `routes` are those of the profiles that may be called.

    `input_kind` is the field of catalog.cost.Usage at whose rate the input is reserved: the dearest
    that the body can ask for."""

    def __init__(self, model: Model, routes: Sequence[str], body: bytes) -> None:
        self.input_tokens = min(model.context_tokens, _input_tokens(body))
        self.output_tokens = _output_tokens(body)
        self.input_kind = _input_kind(body)
        self.amounts = self._amounts(model, routes)

    def _amounts(self, model: Model, routes: Sequence[str]) -> Amounts:
        usage = cost.Usage(output=self.output_tokens)
        usage = usage._replace(**{self.input_kind: self.input_tokens})
        by_route = [spending.amounts(model, route, usage) for route in routes]
        return Amounts(max(each.usd for each in by_route), by_route[0].tokens)


def used(model: Model, bound: Bound, attempts: Sequence[Attempt], usage: Usage) -> Amounts:
    """Return what the attempts at a call came to.

    Nothing for one that was not sent or that Bedrock refused; the whole reservation for one that
    may have run and told nothing; and for one that was broken off, its input as Bedrock told it and
    the whole output of the reservation.
    """
    total = Amounts()
    for attempt in attempts:
        is_last = attempt is attempts[-1]
        amounts = _of_attempt(model, bound, attempt, usage if is_last else Usage())
        total = Amounts(total.usd + amounts.usd, total.tokens + amounts.tokens)
    return total


def _of_attempt(model: Model, bound: Bound, attempt: Attempt, usage: Usage) -> Amounts:
    if not attempt.is_sent or (attempt.status is not None and attempt.status != 200):
        return Amounts()
    if usage.input_tokens is None:
        return bound.amounts
    route = attempt.model_id.partition(".")[0]
    written, an_hour = usage.cache_creation_input_tokens or 0, usage.cache_creation_1h_input_tokens
    if an_hour is None:  # not told: as long as the body can ask for
        an_hour = written if bound.input_kind == _AN_HOUR else 0
    output = usage.output_tokens or 0
    counted = cost.Usage(
        input=usage.input_tokens,
        output=output if attempt.is_complete else max(output, bound.output_tokens),
        cache_write_5m=max(0, written - an_hour),
        cache_write_1h=an_hour,
        cache_read=usage.cache_read_input_tokens or 0,
    )
    return spending.amounts(model, route, counted)


def _input_tokens(body: bytes) -> int:
    """Return the bound of a body's tokens, without that of the model's context."""
    images = sum(1 for _ in _image_sizes(body))
    text_bytes = len(body) - sum(_image_sizes(body))
    return text_bytes // BYTES_PER_TOKEN + 1 + images * IMAGE_TOKENS


def _image_sizes(body: bytes) -> Iterator[int]:
    """Yield the size of each image's base64 text that is larger than what an image counts for."""
    if _IMAGE not in body and b'"image"' not in body:
        return
    for match in _IMAGE_DATA.finditer(body):
        end = body.find(b'"', match.end())
        near = body[max(0, match.start() - _NEAR_BYTES) : match.start()]
        near += body[end : end + _NEAR_BYTES]
        size = end - match.end()
        if size > _SMALL_BYTES and (_IMAGE in near or b'"image"' in near):
            yield size


def _output_tokens(body: bytes) -> int:
    """Return the largest `max_tokens` that is anywhere in the body, up to the ceiling: a smaller
    one may be part of what somebody has said."""
    if _ESCAPE in body:
        return OUTPUT_TOKENS
    sizes = [_number(match[1]) for match in _MAX_TOKENS.finditer(body)]
    return int(min(OUTPUT_TOKENS, max(sizes, default=OUTPUT_TOKENS)))


def _number(text: bytes) -> float:
    try:
        number = float(text)
    except ValueError:
        return OUTPUT_TOKENS
    return number if number > 0 else 0


def _input_kind(body: bytes) -> str:
    if b'"1h"' in body or _ESCAPE in body:
        return _AN_HOUR
    is_cached = b'"cache_control"' in body or b'"cachePoint"' in body
    return "cache_write_5m" if is_cached else "input"
