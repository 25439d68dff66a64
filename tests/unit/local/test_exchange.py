"""What the front makes of a request's head."""

import re

import pytest

from local.api_gateway import exchange
from local.api_gateway.app import _exchange
from local.bedrock.http_exchange import Scope


def test_a_query_that_is_no_ascii_is_taken_as_it_came() -> None:
    """HTTP/2 carries any byte there: https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1"""
    scope: Scope = {
        "method": "POST",
        "raw_path": b"/test/v1/messages",
        "query_string": b"\xc3\xbc=%",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "scheme": "https",
        "http_version": "2",
    }

    assert _exchange(scope).query.encode("latin-1") == b"\xc3\xbc=%"


ROOT = "Root=1-67891233-abcdef012345678912345678"


@pytest.mark.parametrize(
    ("header", "goes_on"),
    [
        (ROOT, True),
        (f"Self=1-67891233-12456789abcdef012345678;{ROOT};Sampled=1", True),
        ("Root=1-67891233-abc", False),
        (f"{ROOT}0", False),
        ("", False),
    ],
)
def test_the_root_of_a_trace_goes_on(header: str, goes_on: bool) -> None:
    trace_id = exchange.trace(header)
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", trace_id)
    assert (trace_id == ROOT) == goes_on
