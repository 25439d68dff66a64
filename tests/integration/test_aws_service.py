"""A request to an AWS service over a real socket: reuse, work meanwhile, and how a peer fails."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from gateway.aws_service import AwsService, ServiceError
from gateway.signing import Signer
from tests.integration.test_upstream import Script

KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


@contextmanager
def service(*scripts: Script) -> Iterator[AwsService]:
    """Yield a service whose first connection runs the first script, and so on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, scripts), daemon=True)
        thread.start()
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        signer = Signer("eu-west-1", KEYS, service="sts")
        with closing(AwsService("STS", endpoint, signer)) as client:
            yield client
        thread.join(5)
        assert not thread.is_alive(), "the client made fewer connections than expected"


def _accept(listener: socket.socket, scripts: tuple[Script, ...]) -> None:
    for script in scripts:
        connection, _ = listener.accept()
        with closing(connection):
            script(connection)


def responds(*responses: bytes) -> Script:
    """Return a script that reads a request and sends the response, for each; then closes."""

    def script(connection: socket.socket) -> None:
        for response in responses:
            request = b""
            while not request.endswith(b"\r\n\r\nAction=X"):
                request += connection.recv(65_536)
            assert b"/eu-west-1/sts/aws4_request" in request
            connection.sendall(response)

    return script


def response(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_requests_share_a_connection_whatever_the_status() -> None:
    refused = response(b"no", "403 Forbidden")
    with service(responds(response(b"one"), refused, response(b"three"))) as sts:
        bodies = [sts.call(HEADERS, b"Action=X", 5).body for _ in range(3)]

    assert bodies == [b"one", b"no", b"three"]


def test_a_response_that_was_not_received_is_not_the_next_ones() -> None:
    with service(responds(response(b"old")), responds(response(b"new"))) as sts:
        sts.send(HEADERS, b"Action=X", 5)

        assert sts.call(HEADERS, b"Action=X", 5).body == b"new"


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"no HTTP at all\r\n\r\n"]
)
def test_a_response_cut_short_may_have_had_its_effect(sent: bytes) -> None:
    with service(responds(sent), responds(response(b"next"))) as sts:
        with pytest.raises(ServiceError) as raised:
            sts.call(HEADERS, b"Action=X", 5)

        assert raised.value.may_have_arrived
        assert sts.call(HEADERS, b"Action=X", 5).body == b"next"


def test_idle_time_ends_after_the_seconds_passed() -> None:
    def never_answers(connection: socket.socket) -> None:
        while connection.recv(65_536):
            pass

    with service(never_answers) as sts, pytest.raises(ServiceError, match="ReadTimeout") as raised:
        sts.call(HEADERS, b"Action=X", 0.05)

    assert raised.value.may_have_arrived


def test_a_peer_that_is_not_there_has_received_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    sts = AwsService("STS", f"http://127.0.0.1:{port}", Signer("eu-west-1", KEYS, service="sts"))

    with pytest.raises(ServiceError) as raised:
        sts.call(HEADERS, b"Action=X", 1)

    assert not raised.value.may_have_arrived
