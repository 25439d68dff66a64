"""A connection to the Lambda Runtime API over HTTP/1.1.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import select
import socket
from collections.abc import Callable
from typing import Any

from gateway.http1 import Head, ProtocolError, ResponseReader

API_PATH = "/2018-06-01/runtime"
_STATUS_LINE = b"HTTP/1.1 "
_READ_BYTES = 65_536  # more is a mapping made and unmade for each read


class RuntimeApiResponse:
    """A response of the Runtime API, its body read."""

    def __init__(self, head: Head, body: bytearray) -> None:
        self.head = head
        self.body = body

    def take_json(self) -> Any:  # noqa: ANN401 - whatever the function is invoked with
        """Return the parsed body. It may be large: the text is dropped first."""
        text = self.body.decode()
        self.body.clear()
        return json.loads(text)


class RuntimeApiConnection:
    """One HTTP/1.1 connection to the Runtime API, opened when needed."""

    def __init__(self, address: str) -> None:
        self.host, _, port = address.partition(":")
        self.port = int(port or 80)
        self._socket: socket.socket | None = None

    def send(self, data: bytes, seconds_left: Callable[[], float] | None = None) -> None:
        """Send `data`. Raises TimeoutError, an OSError, when it takes longer than `seconds_left`
        says."""
        if self._socket is None:
            self._socket = socket.socket()
            self._socket.connect((self.host, self.port))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            sent = self._socket.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._socket.settimeout(seconds_left() if seconds_left else None)
            self._socket.sendall(memoryview(data)[sent:])
            self._socket.settimeout(None)

    def renew_if_ended(self) -> None:
        """Close a connection that has ended while it was idle, or that carries bytes without a
        request; the next `send` opens another."""
        if self._socket is not None and select.select([self._socket], [], [], 0)[0]:
            self.close()

    def is_refused(self) -> bool:
        """Return whether the Runtime API refuses what is still being sent: the connection has
        ended, or carries a response of another status than 1xx and 2xx. An early 2xx says nothing
        about the client."""
        if self._socket is None or not select.select([self._socket], [], [], 0)[0]:
            return False
        try:
            status = self._socket.recv(len(_STATUS_LINE) + 1, socket.MSG_PEEK)[len(_STATUS_LINE) :]
        except OSError:
            return True
        return status not in (b"1", b"2")

    def request(
        self, method: str, path: str, headers: str = "", body: bytes = b""
    ) -> RuntimeApiResponse:
        head = (
            f"{method} {API_PATH}{path} HTTP/1.1\r\nHost: {self.host}\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.renew_if_ended()
        self.send(head.encode() + body)
        return self.read_response()

    def read_response(self) -> RuntimeApiResponse:
        """Return the next response. Raises OSError, ProtocolError."""
        reader, body = ResponseReader(), bytearray()
        while not reader.complete:
            data = self._socket.recv(_READ_BYTES) if self._socket else b""
            if data:
                body += reader.feed(data)
            else:
                reader.end()
        if not reader.reusable:
            self.close()
        if reader.head is None:
            raise ProtocolError("the Runtime API answered nothing")
        return RuntimeApiResponse(reader.head, body)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
