"""What a caller without a gateway waits for the first byte of a stream: a socket, and no client."""

import socket
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from benchmarks.fixtures import NATIVE_PATH, Operation
from benchmarks.processes import ProcessFailed

_READ_BYTES = 1 << 18
_END = b"0\r\n\r\n"


class Direct:
    """An open connection to the upstream at `endpoint`."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._socket = socket.create_connection((str(parts.hostname), int(parts.port or 80)), 30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def first_ms(self, operation: Operation) -> float:
        """Return how long, by the clock, after the request was sent the first event was there."""
        begun = time.perf_counter()
        self._socket.sendall(request_for(operation))
        received = self._receive()
        while not received.partition(b"\r\n\r\n")[2]:
            received += self._receive()
        first_at = time.perf_counter()
        while not received.endswith(_END):
            received += self._receive()
        return (first_at - begun) * 1000

    def __enter__(self) -> "Direct":
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._socket.close()

    def _receive(self) -> bytes:
        data = self._socket.recv(_READ_BYTES)
        if not data:
            raise ProcessFailed("the upstream closed the connection")
        return data


def request_for(operation: Operation, target: str = NATIVE_PATH) -> bytes:
    """Return the HTTP request for a stream at a path of Bedrock's, without a signature."""
    head = (
        f"POST {target} HTTP/1.1\r\nHost: bedrock-runtime\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(operation.request)}\r\n\r\n"
    )
    return head.encode() + operation.request


def written(operation: Operation, path: Path, target: str = NATIVE_PATH) -> Path:
    """`path`, holding that request."""
    path.write_bytes(request_for(operation, target))
    return path
