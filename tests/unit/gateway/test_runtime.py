"""What the connection of a response says of its caller while nothing is written to it."""

import socket
import time
from collections.abc import Iterator

import pytest

from gateway.runtime import CallerGone, Context, StreamingResponse, _Connection


@pytest.fixture
def lambdas_end() -> Iterator[tuple[StreamingResponse, socket.socket]]:
    """A response, and the other end of its connection."""
    ours, theirs = socket.socketpair()
    connection = _Connection("127.0.0.1:1")
    connection._socket = ours
    yield StreamingResponse(connection, Context("1", time.time() + 900)), theirs
    ours.close()
    theirs.close()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 202 Accepted\r\n", b"HTTP/1.1 100 Continue\r\n"])
def test_an_answer_that_accepts_says_nothing_of_the_caller(
    lambdas_end: tuple[StreamingResponse, socket.socket], said: bytes
) -> None:
    response, theirs = lambdas_end
    theirs.sendall(said)
    response.look()


@pytest.mark.parametrize("said", [b"HTTP/1.1 413 Too Large\r\n", b"HTTP/1.1 500 \r\n", b"noise"])
def test_a_refusal_ends_the_call(
    lambdas_end: tuple[StreamingResponse, socket.socket], said: bytes
) -> None:
    response, theirs = lambdas_end
    theirs.sendall(said)
    with pytest.raises(CallerGone):
        response.look()


def test_the_end_of_the_connection_ends_the_call(
    lambdas_end: tuple[StreamingResponse, socket.socket],
) -> None:
    response, theirs = lambdas_end
    theirs.close()
    with pytest.raises(CallerGone):
        response.look()
