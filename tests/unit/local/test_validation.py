"""Which bodies a request validator lets through."""

from dataclasses import replace

import pytest

from local.api_gateway import validation
from local.api_gateway.definition import Method
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError

SCHEMAS = {"application/json": {"type": "object", "required": ["model"]}}


def check(method: Method, exchange: Exchange, body: bytes, kind: str | None) -> None:
    exchange.body = body
    if kind is not None:
        exchange.headers.append(("content-type", kind))
    validation.check(method, exchange)


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", None])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_a_body_that_breaks_the_schema_is_refused(
    method: Method, exchange: Exchange, body: bytes, kind: str | None
) -> None:
    with pytest.raises(RefusedError, match="BAD_REQUEST_BODY"):
        check(replace(method, schemas=SCHEMAS), exchange, body, kind)


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": 1}',
        b'{"model": "m", "more": []}',
        b'{"model": "\xff"}',
        b'\xef\xbb\xbf{"model": "m"}',
        b'{"model": "m", "seed": %b}' % (b"9" * 5000),
    ],
)
def test_a_body_that_fits_passes(method: Method, exchange: Exchange, body: bytes) -> None:
    check(replace(method, schemas=SCHEMAS), exchange, body, "application/json")


def test_a_content_type_without_a_schema_is_not_validated(
    method: Method, exchange: Exchange
) -> None:
    check(replace(method, schemas=SCHEMAS), exchange, b"{", "text/plain")


def test_a_method_without_a_validator_takes_anything(method: Method, exchange: Exchange) -> None:
    check(method, exchange, b"{", "application/json")
