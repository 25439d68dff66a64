"""The canary's requests: a small one, and one so large that Bedrock records it as an object of its
own."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

LARGE_BYTES: Final = 150_000
"""Bedrock records a body inline up to 100 KB:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html"""
_TEXT: Final = "A canary asks, so that this call is looked for in the record. "
_MAX_TOKENS: Final = 16


class Question(NamedTuple):
    """A Messages body, by the `size` that a failure is told by: `small` or `large`."""

    size: str
    body: Mapping[str, Any]


def questions(model: str) -> list[Question]:
    """Return what one run asks of `model`."""
    filled = (_TEXT * (LARGE_BYTES // len(_TEXT) + 1))[:LARGE_BYTES]
    return [question("small", model, _TEXT), question("large", model, filled)]


def question(size: str, model: str, text: str) -> Question:
    message = {"role": "user", "content": text}
    return Question(size, {"model": model, "max_tokens": _MAX_TOKENS, "messages": [message]})
