"""Compressed bodies are decoded before they are validated, and others refused."""

import gzip
import zlib

import pytest

from local.api_gateway import coding
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError

BODY = b'{"model": "m"}'


@pytest.mark.parametrize(
    ("named", "body"),
    [
        (["gzip"], gzip.compress(BODY)),
        (["DEFLATE"], zlib.compress(BODY)),
        (["deflate", "gzip"], gzip.compress(zlib.compress(BODY))),
        (["identity"], BODY),
        ([], BODY),
    ],
)
def test_a_body_is_decoded(exchange: Exchange, named: list[str], body: bytes) -> None:
    exchange.headers += [("content-encoding", name) for name in named]
    exchange.body = body
    coding.check(exchange)
    assert coding.decoded(exchange, 100) == BODY


@pytest.mark.parametrize("named", ["zstd", "br", "gzip, zstd"])
def test_other_codings_are_refused_at_once(exchange: Exchange, named: str) -> None:
    exchange.headers.append(("content-encoding", named))
    with pytest.raises(RefusedError, match="UNSUPPORTED_MEDIA_TYPE"):
        coding.check(exchange)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(BODY, "UNSUPPORTED_MEDIA_TYPE"), (gzip.compress(b" " * 101), "REQUEST_TOO_LARGE")],
)
def test_what_is_not_in_the_coding_or_becomes_too_large_is_refused(
    exchange: Exchange, body: bytes, kind: str
) -> None:
    exchange.headers.append(("content-encoding", "gzip"))
    exchange.body = body
    with pytest.raises(RefusedError, match=kind):
        coding.decoded(exchange, 100)
