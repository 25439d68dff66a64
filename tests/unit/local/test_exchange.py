"""What the front makes of a request's head."""

from local.api_gateway.app import _exchange
from local.bedrock.wire import Scope


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
