"""The clock is read once, when a request has begun and before anybody is answered."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from benchmarks.processes import ProcessFailed
from benchmarks.timestamping_upstream import WatchedUpstream

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@pytest.fixture
def upstream() -> Iterator[WatchedUpstream]:
    with closing(WatchedUpstream(RESPONSE)) as watched:
        yield watched


def test_the_clock_is_read_at_the_first_byte(upstream: WatchedUpstream) -> None:
    read = threading.Event()

    def clock() -> float:
        read.set()
        return 7.0

    upstream.watch(clock)
    parts = urlsplit(upstream.endpoint)
    address = str(parts.hostname), int(parts.port or 0)
    with socket.create_connection(address, timeout=10) as caller:
        caller.sendall(b"P")
        assert read.wait(10)
        caller.sendall(b"OST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody")
        assert caller.recv(100) == RESPONSE
    assert upstream.seen() == 7.0


def test_a_caller_that_never_came_is_reported(upstream: WatchedUpstream) -> None:
    with pytest.raises(ProcessFailed, match="sent nothing"):
        upstream.seen()
