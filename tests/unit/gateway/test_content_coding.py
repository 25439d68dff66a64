"""Compressed bodies: as plain ones, within a bound, and a 415 for what is not taken."""

import gzip
import json
import zlib
from base64 import b64encode
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import content_coding
from tests.unit.gateway.conftest import MODEL, PROFILE, Caller

REQUEST = json.dumps({"model": MODEL, "max_tokens": 1, "messages": []}).encode()
_DECOMPRESS = zlib.decompressobj
_RAW = zlib.compressobj(wbits=-15)
CODED = {
    "gzip": gzip.compress(REQUEST, mtime=0),
    "GZip": gzip.compress(REQUEST[:9]) + gzip.compress(REQUEST[9:]),
    "x-gzip": gzip.compress(REQUEST, mtime=0),
    "deflate": zlib.compress(REQUEST),
    " deflate ": _RAW.compress(REQUEST) + _RAW.flush(),
    "identity, gzip": gzip.compress(REQUEST, mtime=0),
    "deflate, gzip": gzip.compress(zlib.compress(REQUEST)),
}
PATHS = (
    "/v1/messages",
    "/v1/messages/count_tokens",
    f"/model/{PROFILE}/invoke",
    f"/model/{PROFILE}/converse",
    f"/model/{PROFILE}/count-tokens",
)


def event(path: str, coding: str, body: str, *, is_base64: bool = True) -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "path": path,
        "headers": {"content-type": "application/json", "Content-Encoding": coding},
        "requestContext": {"requestId": "gw-1"},
        "body": body,
        "isBase64Encoded": is_base64,
    }


@pytest.mark.parametrize("coding", CODED)
def test_a_compressed_body_is_read(caller: Caller, coding: str) -> None:
    sent = event(f"/model/{PROFILE}/invoke", coding, b64encode(CODED[coding]).decode())
    assert caller.send_event(sent).status == 200
    assert caller.bedrock.sent[-1].body == REQUEST
    assert "content-encoding" not in caller.bedrock.sent[-1].headers


@pytest.mark.parametrize("is_base64", [True, False])
def test_a_body_that_api_gateway_has_decoded_is_taken_as_it_is(
    caller: Caller, *, is_base64: bool
) -> None:
    body = b64encode(REQUEST).decode() if is_base64 else REQUEST.decode()
    sent = event("/v1/messages", "gzip", body, is_base64=is_base64)
    assert caller.send_event(sent).status == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("coding", "body", "is_base64"),
    [
        ("zstd", b64encode(b"(\xb5/\xfd").decode(), True),
        ("br", b64encode(REQUEST).decode(), True),
        ("gzip, br", b64encode(REQUEST).decode(), True),
        ("gzip", b64encode(b"no gzip").decode(), True),
        ("gzip", b64encode(gzip.compress(REQUEST, mtime=0)[:-9]).decode(), True),
        ("gzip", b64encode(gzip.compress(b"", mtime=0) * 1000).decode(), True),
        ("deflate", b64encode(zlib.compress(REQUEST) + b"x").decode(), True),
        ("gzip", gzip.compress(REQUEST, mtime=0).decode(errors="replace"), False),
    ],
)
def test_what_cannot_be_decoded_is_a_415_that_names_the_header(
    caller: Caller, path: str, coding: str, body: str, *, is_base64: bool
) -> None:
    response = caller.send_event(event(path, coding, body, is_base64=is_base64))
    assert response.status == 415
    assert b"Content-Encoding" in response.body
    assert caller.bedrock.sent == []


@cache
def bomb(coding: str) -> str:
    content = b" " * 20_000_000
    data = zlib.compress(content) if coding == "deflate" else gzip.compress(content)
    return b64encode(gzip.compress(data) if "," in coding else data).decode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, gzip"])
def test_a_bomb_is_a_413_before_it_is_large(caller: Caller, path: str, coding: str) -> None:
    response = caller.send_event(event(path, coding, bomb(coding)))
    assert response.status == 413
    assert b"max_body_bytes" in response.body


def test_no_more_than_the_bound_is_decoded() -> None:
    made: list[int] = []

    class Watched:
        """A decompressor that tells how much it gives."""

        def __init__(self, form: int) -> None:
            self._inner = _DECOMPRESS(form)

        def decompress(self, data: bytes, most: int) -> bytes:
            part = self._inner.decompress(data, most)
            made.append(len(part))
            return part

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.content_coding.zlib.decompressobj", Watched)
        with pytest.raises(content_coding.TooLongError):
            content_coding.decoded(CODED["gzip"], ["gzip"], 10)
    assert made == [11]


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate"]))
def test_any_bytes_are_decoded_or_refused(data: bytes, coding: str) -> None:
    with suppress(content_coding.CodingError, content_coding.TooLongError):
        assert len(content_coding.decoded(data, [coding], 1000)) <= 1000
