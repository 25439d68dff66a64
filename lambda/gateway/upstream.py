"""The connection to bedrock-runtime: one request at a time, kept open between them.

One attempt per call: a model that has begun to think is never asked twice.
"""

import select
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from gateway import errors, trust
from gateway.http1 import ProtocolError, ResponseReader

CONNECT_SECONDS = 5.0
IDLE_SECONDS = 60.0  # a connection idle for longer may be dead without a sign: AWS drops silently
_READ_BYTES = 1 << 18
_COPIED_BYTES = 1 << 16


class Signer(Protocol):
    """Adds to `headers` what proves who calls."""

    def sign(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, str]: ...


class Reply(Protocol):
    """One response, its head read. `close` must be called, whole or not."""

    status: int
    headers: Mapping[str, str]

    def read(self, seconds: float) -> bytes | None:
        """The next body bytes; None after `seconds` without any, b"" at the end.

        Raises UpstreamFailed when the connection breaks.
        """

    def close(self) -> None:
        """Keep the connection for the next request if this one left it clean."""


def read_all(reply: Reply, seconds: float) -> bytes:
    """The rest of the body. Raises UpstreamFailed, or UpstreamTimeout after `seconds`."""
    until, parts = time.monotonic() + seconds, []
    while body := reply.read(until - time.monotonic()):
        parts.append(body)
    if body is None:
        raise _timeout()
    return b"".join(parts)


class SocketReply:
    """A reply that is read from the connection it came on."""

    def __init__(self, connection: "_Connection", reader: ResponseReader, body: bytes) -> None:
        if reader.head is None:
            raise ProtocolError("a reply without a head")
        self.status = reader.head.status
        self.headers: Mapping[str, str] = reader.head.headers
        self._connection = connection
        self._reader = reader
        self._pending = body

    def read(self, seconds: float) -> bytes | None:
        if self._pending:
            body, self._pending = self._pending, b""
            return body
        until = time.monotonic() + seconds
        while not self._reader.complete:
            received = self._connection.receive(self._reader, until)
            if received is None or received:
                return received
        return b""

    def close(self) -> None:
        if not self._reader.reusable:
            self._connection.close()


class Upstream:
    """bedrock-runtime at `endpoint` (scheme, host and port).

    `meanwhile` is done each time Bedrock has been asked and has not answered yet.
    """

    def __init__(
        self, endpoint: str, signer: Signer, meanwhile: Callable[[], None] | None = None
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._signer = signer
        self._meanwhile = meanwhile
        self._connection = _Connection(self._endpoint)

    def post(self, path: str, headers: Mapping[str, str], body: bytes, *, seconds: float) -> Reply:
        """The reply to a signed POST, once its head is here; its body is still to be read.

        `path` is percent-encoded. Raises UpstreamFailed, or UpstreamTimeout after `seconds`.
        """
        signed = self._signer.sign("POST", self._endpoint + path, headers, body)
        until = time.monotonic() + seconds
        self._connection.send(_request(path, self._connection.host, signed, body))
        if self._meanwhile is not None:
            self._meanwhile()
        reader = ResponseReader()
        received: bytes | None = b""
        while reader.head is None:
            received = self._connection.receive(reader, until)
            if received is None:
                self._connection.close()
                raise _timeout()
        return SocketReply(self._connection, reader, received or b"")

    def close(self) -> None:
        """Give the connection up; a later request opens another."""
        self._connection.close()


class _Connection:
    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self.host = parts.netloc
        self._address = (
            (parts.hostname or "").encode("ascii"),  # text would import the codec of other scripts
            parts.port or (443 if parts.scheme == "https" else 80),
        )
        self._tls = trust.context() if parts.scheme == "https" else None
        self._socket: socket.socket | None = None
        self._used_at = 0.0

    def send(self, pieces: Iterable[bytes]) -> None:
        try:
            open_socket = self._ready()
            open_socket.settimeout(CONNECT_SECONDS)
            for piece in pieces:
                open_socket.sendall(piece)
        except OSError as error:
            self.close()
            raise _broken("could not be reached", error) from error

    def receive(self, reader: ResponseReader, until: float) -> bytes | None:
        """Feed the reader once. None when nothing comes until `until`, by the monotonic clock."""
        open_socket = self._open()
        try:
            open_socket.settimeout(max(until - time.monotonic(), 0.001))
            data = open_socket.recv(_READ_BYTES)
            self._used_at = time.monotonic()
            if data:
                return reader.feed(data)
            reader.end()
        except TimeoutError:
            return None
        except (OSError, ProtocolError) as error:
            self.close()
            raise _broken("ended the connection before the answer was complete", error) from error
        return b""

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ready(self) -> socket.socket:
        """An open connection that the peer has not closed meanwhile."""
        idle = time.monotonic() - self._used_at
        if self._socket is not None and (idle > IDLE_SECONDS or _has_input(self._socket)):
            self.close()
        return self._open()

    def _open(self) -> socket.socket:
        if self._socket is None:
            plain = socket.create_connection(self._address, CONNECT_SECONDS)  # type: ignore[arg-type]
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            host = self._address[0]
            self._socket = (
                self._tls.wrap_socket(plain, server_hostname=host) if self._tls else plain
            )
        return self._socket


def _has_input(idle: socket.socket) -> bool:
    """Input on an idle connection is its end, or something nobody asked for."""
    return bool(select.select([idle], [], [], 0)[0])


def _request(
    path: str, host: str, headers: Mapping[str, str], body: bytes
) -> tuple[bytes] | tuple[bytes, bytes]:
    """In one piece, unless its body is too large to be copied for that."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    text = f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
    head = text.encode("latin-1")
    return (head + body,) if len(body) < _COPIED_BYTES else (head, body)


def _timeout() -> errors.UpstreamTimeout:
    return errors.UpstreamTimeout("Bedrock did not answer in time.", cause="ReadTimeout")


def _broken(what: str, error: Exception) -> errors.GatewayError:
    cause = type(error).__name__
    if isinstance(error, TimeoutError):
        return errors.UpstreamTimeout(f"Bedrock {what}.", cause=cause)
    return errors.UpstreamFailed(f"Bedrock {what}.", cause=cause)
