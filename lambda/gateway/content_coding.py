"""Request bodies that a client has compressed, decoded within a bound on what they become.

https://www.rfc-editor.org/rfc/rfc9110#section-8.4 - API Gateway takes the same codings, and refuses
others itself:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-make-request-with-compressed-payload.html
"""

import zlib
from typing import Final

TAKEN: Final = "gzip and deflate"
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's numbers for the three forms
_MOST_MEMBERS: Final = 64
_FORMS: Final = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _RAW)}


class CodingError(Exception):
    """A coding that is not taken, or bytes that are not in the coding they are said to be in."""


class TooLongError(Exception):
    """The body is longer than the bound once it is decoded."""


def codings(header: str) -> list[str]:
    """Return the codings of a `Content-Encoding`, in the order in which they were applied;
    identity is none. Raises CodingError."""
    named = [coding.strip().lower() for coding in header.split(",")]
    applied = [coding for coding in named if coding not in ("", "identity")]
    if any(coding not in _FORMS for coding in applied):
        raise CodingError("the coding is not one of those taken")
    return applied


def decoded(data: bytes, applied: list[str], limit: int) -> bytes:
    """Return `data` without the codings, at most `limit` bytes. Raises CodingError,
    TooLongError."""
    for coding in reversed(applied):
        data = _decoded(data, _FORMS[coding], limit)
    return data


def _decoded(data: bytes, forms: tuple[int, ...], limit: int) -> bytes:
    *others, last = forms
    for form in others:
        try:
            return _inflated(data, form, limit)
        except zlib.error:
            continue
    try:
        return _inflated(data, last, limit)
    except zlib.error as error:
        raise CodingError("the body is not in that coding") from error


def _inflated(data: bytes, form: int, limit: int) -> bytes:
    """A gzip body may have several members (RFC 1952, 2.2); each costs a copy of the rest."""
    parts, left = list[bytes](), limit
    while data or not parts:
        stream = zlib.decompressobj(form)
        part = stream.decompress(data, left + 1)
        left -= len(part)
        if left < 0:
            raise TooLongError
        if not stream.eof:
            raise zlib.error("the body ends too early")
        parts.append(part)
        data = stream.unused_data
        if data and (form != _GZIP or len(parts) == _MOST_MEMBERS):
            raise zlib.error("there is more behind the end")
    return b"".join(parts)
