"""Signatures of thinking blocks: issued with a reply, checked when the block comes back.

A signature holds two message authentication codes: of the thinking, and of the conversation that
came before it. One in the form of Anthropic's own, as in a conversation that began on AWS, is taken
as it is, since only Anthropic can check it.
https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-thinking-block-binding.html
"""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

from local.bedrock.blocks import Block, Text
from local.bedrock.schema import Message

_KEY: Final = b"the local Bedrock's signatures, which protect nothing"
"""Known to all, so that a conversation outlives the process."""
_MARK: Final = b"local-bedrock:"
_CODE_BYTES: Final = 32


class Signature(NamedTuple):
    """A signature that was issued here: the codes in it."""

    thinking: bytes
    conversation: bytes


def sign(thinking: str, conversation: bytes) -> str:
    """Return the signature of a block; `conversation` is the digest of what came before it."""
    return b64encode(_MARK + _code(thinking.encode()) + _code(conversation)).decode()


def read(signature: str) -> Signature | None:
    """Return what is in a signature that was issued here, None if it was not."""
    decoded = _decoded(signature)
    codes = decoded.removeprefix(_MARK)
    if not decoded.startswith(_MARK) or len(codes) != 2 * _CODE_BYTES:
        return None
    return Signature(codes[:_CODE_BYTES], codes[_CODE_BYTES:])


def is_of_thinking(signature: Signature, thinking: str) -> bool:
    """Return whether it was issued for this text."""
    return hmac.compare_digest(signature.thinking, _code(thinking.encode()))


def is_of_conversation(signature: Signature, conversation: bytes) -> bool:
    """Return whether it was issued after what has this digest."""
    return hmac.compare_digest(signature.conversation, _code(conversation))


def digest(
    tools: object, system: object, messages: Sequence[Message], last: Sequence[Block]
) -> bytes:
    """Return the digest of what comes before a block: tools, system prompt, the turns before its
    own, and the blocks before it in its own turn (`last`). Cache markers do not count."""
    turns = [[turn.role, _blocks(turn.content)] for turn in messages]
    if last:
        turns.append(["assistant", _blocks(list(last))])
    parts = [_plain(tools), _blocks(system), turns]
    return sha256(json.dumps(parts, sort_keys=True).encode()).digest()


def _blocks(content: Any) -> object:  # noqa: ANN401
    if isinstance(content, str):
        return _plain([Text(type="text", text=content)])
    return _plain(content)


def _plain(models: Any) -> object:  # noqa: ANN401
    return [_unmarked(model.model_dump(exclude_none=True)) for model in models or ()]


def _unmarked(value: Any) -> object:  # noqa: ANN401
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _unmarked(item) for name, item in value.items() if name != "cache_control"}


def _code(content: bytes) -> bytes:
    return hmac.digest(_KEY, content, "sha256")


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def is_of_anthropic(encoded: str) -> bool:
    """Return whether it has the form of Anthropic's own signatures and redacted thinking: base64 of
    a protocol buffer whose second field holds a header, two values of 12 bytes, and more."""
    try:
        outer = dict(_fields(_decoded(encoded)))
        inner = dict(_fields(outer[2]))
        header = dict(_fields(inner[1]))
    except (ValueError, KeyError, IndexError):
        return False
    return len(inner.get(2, b"")) == len(inner.get(3, b"")) == 12 and any(
        len(value) == 64 for value in header.values()
    )


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the fields of a protocol buffer, numbers as empty bytes. Raise ValueError,
    IndexError."""
    position = 0
    while position < len(data):
        key, position = _number(data, position)
        value = b""
        size, position = _number(data, position)
        if key & 7 == 2:
            value = data[position : position + size]
            position += size
            if len(value) < size:
                raise ValueError(data)
        elif key & 7:
            raise ValueError(data)
        yield key >> 3, value


def _number(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, position
