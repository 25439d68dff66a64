"""What the connection of a response says of its caller while nothing is written to it."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from gateway.runtime import ClientDisconnected, Context, StreamingResponse
from gateway.runtime_api import RuntimeApiConnection


@pytest.fixture
def lambdas_end() -> Iterator[tuple[StreamingResponse, socket.socket]]:
    """A response whose first byte is out, and the other end of its connection."""
    own_end, lambda_end = socket.socketpair()
    connection = RuntimeApiConnection("127.0.0.1:1")
    connection._socket = own_end
    response = StreamingResponse(connection, Context("1", time.time() + 900))
    response.start(200, {})
    response.write(b"x")
    yield response, lambda_end
    own_end.close()
    lambda_end.close()


@pytest.mark.parametrize(
    "received", [b"", b"HTTP/1.1 202 Accepted\r\n", b"HTTP/1.1 100 Continue\r\n"]
)
def test_an_answer_that_accepts_is_no_sign_of_the_caller(
    lambdas_end: tuple[StreamingResponse, socket.socket], received: bytes
) -> None:
    response, lambda_end = lambdas_end
    lambda_end.sendall(received)
    response.check_client()


@pytest.mark.parametrize(
    "received", [b"HTTP/1.1 413 Too Large\r\n", b"HTTP/1.1 500 \r\n", b"noise"]
)
def test_a_refusal_ends_the_call(
    lambdas_end: tuple[StreamingResponse, socket.socket], received: bytes
) -> None:
    response, lambda_end = lambdas_end
    lambda_end.sendall(received)
    with pytest.raises(ClientDisconnected):
        response.check_client()


def test_the_end_of_the_connection_ends_the_call(
    lambdas_end: tuple[StreamingResponse, socket.socket],
) -> None:
    response, lambda_end = lambdas_end
    lambda_end.close()
    with pytest.raises(ClientDisconnected):
        response.check_client()


@pytest.mark.parametrize("received", [b"", b"HTTP/1.1 408 Timeout\r\n\r\n"])
def test_an_idle_connection_that_ended_is_no_sign_of_the_caller_and_is_replaced(
    received: bytes,
) -> None:
    """The connection of the last GET has been idle while Bedrock thought."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = RuntimeApiConnection(f"127.0.0.1:{listener.getsockname()[1]}")
        connection._socket, lambda_end = socket.socketpair()
        lambda_end.sendall(received)
        lambda_end.close()
        response = StreamingResponse(connection, Context("1", time.time() + 900))

        response.check_client()
        response.start(200, {})
        response.write(b"hello")

        replaced, _ = listener.accept()
        with replaced:
            assert b"hello" in replaced.recv(4096)
            connection.close()


def test_an_invocation_whose_response_cannot_be_sent_is_reported_as_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = RuntimeApiConnection(f"127.0.0.1:{listener.getsockname()[1]}")
        posted: list[bytes] = []
        thread = threading.Thread(target=_take_one, args=(listener, posted))
        thread.start()
        with StreamingResponse(connection, Context("1", time.time() + 900)) as response:
            response.start(200, {})
            connection.send = _broken  # type: ignore[method-assign,assignment]
            with pytest.raises(ClientDisconnected):
                response.write(b"hello")
            del connection.send
        thread.join(5)
        connection.close()

    assert posted[0].startswith(b"POST /2018-06-01/runtime/invocation/1/error ")


def _broken(_data: bytes, _seconds_left: object = None) -> None:
    raise ConnectionResetError


def _take_one(listener: socket.socket, posted: list[bytes]) -> None:
    connection, _ = listener.accept()
    with connection:
        posted.append(connection.recv(4096))
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
