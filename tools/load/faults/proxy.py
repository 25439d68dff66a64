"""A TLS proxy before a Bedrock that can be told to misbehave, a connection or an answer at a time.

Each connection is served by a thread. A misbehavior is a function of the `Wire` to the caller and
of the `Reply` that Bedrock has given; while none is told, replies pass as they came.
"""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection
from typing import NamedTuple

import h11

_NO_LINGER = struct.pack("ii", 1, 0)
_STREAM = "application/vnd.amazon.eventstream"
_UNFORWARDED = ("content-length", "transfer-encoding", "connection", "date")
_LONGEST_SECONDS = 20.0  # no script may outlive this, whatever the function does


class Reply(NamedTuple):
    """What Bedrock answered; `parts` are the frames of a stream, or the one body."""

    status: int
    fields: list[tuple[str, str]]
    parts: list[bytes]
    streamed: bool

    def head(self, *, length: int | None = None) -> bytes:
        """Of a chunked body, or of one that announces `length`."""
        framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        lines = [f"HTTP/1.1 {self.status} Told", *(f"{n}: {v}" for n, v in self.fields), framing]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"


class Waits:
    """Whether a script says nothing by now, and whether the function has closed upon that."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended = threading.Event()

    def clear(self) -> None:
        self.begun.clear()
        self.ended.clear()


class Wire:
    """The connection from the function, as a misbehavior uses it; `request` counts from 1 since it
    was told."""

    def __init__(self, connection: socket.socket, request: int, waits: "Waits") -> None:
        self._connection = connection
        self._waits = waits
        self.request = request

    def send_at_once(self, data: bytes) -> None:
        self._connection.sendall(data)

    def send(self, *parts: bytes) -> None:
        """A pause after each, so that each arrives by itself and before what follows."""
        for part in parts:
            self._connection.sendall(part)
            time.sleep(0.02)

    def send_chunks(self, *parts: bytes) -> None:
        self.send(*(chunk(part) for part in parts))

    def drip(self, data: bytes) -> None:
        for at in range(len(data)):
            self._connection.sendall(data[at : at + 1])
            time.sleep(0.02)

    def pour(self, data: bytes) -> None:
        """The same again and again, for as long as somebody reads."""
        until = time.monotonic() + _LONGEST_SECONDS
        while time.monotonic() < until:
            self._connection.sendall(data)

    def hang(self) -> None:
        """Say nothing until the function closes."""
        self._waits.begun.set()
        self._connection.settimeout(_LONGEST_SECONDS)
        with suppress(ConnectionError):
            while self._connection.recv(65_536):
                pass
        self._waits.ended.set()

    def close(self) -> None:
        self._connection.close()

    def reset(self) -> None:
        reset(self._connection)


Answering = Callable[[Wire, Reply], None]
Greeting = Callable[[socket.socket], None]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


END = chunk(b"")


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    connection.close()


def honest(wire: Wire, reply: Reply) -> None:
    if reply.streamed:
        wire.send_at_once(reply.head() + b"".join(chunk(part) for part in reply.parts) + END)
    else:
        (body,) = reply.parts
        wire.send_at_once(reply.head(length=len(body)) + body)


class Proxy:
    """Listens on one port, before the Bedrock at `upstream` (host:port)."""

    def __init__(self, upstream: str, tls: ssl.SSLContext) -> None:
        self.waits = Waits()
        self._upstream = upstream
        self._tls = tls
        self._answering: Answering = honest
        self._greeting: Greeting | None = None
        self._requests = 0
        self._open = set[socket.socket]()
        self._serving = list[threading.Thread]()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._accepting = _started(self._accept, self._listener)

    def listen(self) -> None:
        """Again, after `stop_listening`; nothing if it was not."""
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._accepting = _started(self._accept, self._listener)

    def stop_listening(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(_LONGEST_SECONDS)

    def set_answer(self, answering: Answering | None, greeting: Greeting | None) -> None:
        """How to misbehave from now on; nothing is how not to."""
        self._requests = 0
        self.waits.clear()
        self._answering, self._greeting = answering or honest, greeting

    def hang_up(self) -> None:
        """End the connections that are open."""
        for connection in [*self._open]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def settle(self) -> None:
        """End the connections that are open, and wait until every script has come to its end."""
        self.hang_up()
        for thread in self._serving:
            thread.join(_LONGEST_SECONDS)
        self._serving.clear()

    def close(self) -> None:
        if self._listener.fileno() >= 0:
            self.stop_listening()
        self.settle()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._serving.append(_started(self._serve, connection))

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError), plain:
            if self._greeting is not None:
                self._greeting(plain)
                return
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._tls.wrap_socket(plain, server_side=True) as connection:
                self._open.add(connection)
                try:
                    self._converse(connection)
                finally:
                    self._open.discard(connection)

    def _converse(self, connection: socket.socket) -> None:
        peer = h11.Connection(h11.SERVER)
        while (request := _request(peer, connection)) is not None:
            self._requests += 1
            wire = Wire(connection, self._requests, self.waits)
            self._answering(wire, self._forward(*request))
            peer = h11.Connection(h11.SERVER)

    def _forward(self, head: h11.Request, body: bytes) -> Reply:
        bedrock = HTTPConnection(self._upstream, timeout=_LONGEST_SECONDS)
        method, path = head.method.decode(), head.target.decode()
        bedrock.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in head.headers.raw_items():
            bedrock.putheader(name.decode(), value)
        bedrock.endheaders(body)
        with bedrock.getresponse() as response:
            headers = response.getheaders()
            fields = [field for field in headers if field[0].lower() not in _UNFORWARDED]
            streamed = response.headers["content-type"] == _STREAM
            content = response.read()
        bedrock.close()
        parts = frames_in(content) if streamed else [content]
        return Reply(response.status, fields, parts, streamed)


def _started(target: Callable[[socket.socket], None], about: socket.socket) -> threading.Thread:
    thread = threading.Thread(target=target, args=(about,), daemon=True)
    thread.start()
    return thread


def _request(peer: h11.Connection, connection: socket.socket) -> tuple[h11.Request, bytes] | None:
    head, body = None, b""
    while True:
        event = peer.next_event()
        if event is h11.NEED_DATA:
            data = connection.recv(65_536)
            if not data:
                return None
            peer.receive_data(data)
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return head, body
        else:
            return None


def frames_in(stream: bytes) -> list[bytes]:
    """Return the whole frames of an event stream: each begins with its length."""
    frames = []
    while stream:
        length = int.from_bytes(stream[:4])
        frames.append(stream[:length])
        stream = stream[length:]
    return frames
