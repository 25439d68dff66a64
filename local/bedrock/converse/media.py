"""Images and documents of a Converse body: records refer to them, S3 holds them.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import json
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from typing import Any

from local.bedrock import json_body
from local.bedrock.invocation import Attachment

_KINDS = ("image", "document")
_Path = tuple[str | int, ...]


def take_out_attachments(body: bytes) -> tuple[bytes, tuple[Attachment, ...]]:
    """Return a body without the bytes of its images and documents, and these; what is no JSON
    stays."""
    try:
        request = json_body.read(body)
        messages = request.get("messages") if isinstance(request, dict) else None
        attachments = tuple(_attachments(messages, ("messages",)))
    except (ValueError, RecursionError):  # the walk goes as deep as the JSON
        return body, ()
    if not attachments:
        return body, ()
    return json.dumps(request, ensure_ascii=False).encode("utf-8", "replace"), attachments


def _attachments(value: Any, path: _Path) -> Iterator[Attachment]:  # noqa: ANN401
    """Take the bytes out of `value`, which holds messages or block at any depth."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _attachments(item, (*path, index))
    elif isinstance(value, dict):
        for kind in _KINDS:
            yield from _attachment(value.get(kind), (*path, kind))
        for name in ("content", "toolResult"):
            yield from _attachments(value.get(name), (*path, name))


def _attachment(media: Any, path: _Path) -> Iterator[Attachment]:  # noqa: ANN401
    source = media.get("source") if isinstance(media, dict) else None
    if not isinstance(source, dict) or not isinstance(source.get("bytes"), str):
        return
    text = source.pop("bytes")
    kind = media.get("format")
    suffix = kind if isinstance(kind, str) and kind.isalnum() else "bin"
    yield Attachment((*path, "source"), suffix, _decoded(text))


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text)
    except (Error, ValueError):
        return text.encode("utf-8", "replace")
