"""A Lambda Runtime API for tests: hands out the invocations it is given, keeps what comes back.

HTTP is h11's, so that our loop's framing and trailers are judged by somebody else's parser.
"""

import json
import queue
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import h11

PREFIX = "/2018-06-01/runtime"
CLOSE_MARKER = b"<<close>>"
STUCK_MARKER = b"<<stuck>>"


class Posted(NamedTuple):
    """A request that the function's loop made; `trailers` came after its body."""

    path: str
    headers: dict[str, str]
    body: bytes
    trailers: dict[str, str]


class RuntimeApi:
    """`invocations` go out one by one, each with `seconds` to answer it. A response that contains
    GONE_MARKER is read no further, nor is one with STUCK_MARKER, whose connection stays open."""

    def __init__(self, *invocations: dict[str, Any], seconds: float = 900) -> None:
        self._seconds = seconds
        self._stuck: list[socket.socket] = []
        self.posted: queue.Queue[Posted] = queue.Queue()
        self._invocations = queue.Queue[tuple[int, dict[str, Any]]]()
        for number, invocation in enumerate(invocations):
            self._invocations.put((number, invocation))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for connection in self._stuck:
            connection.close()

    def next_post(self) -> Posted:
        return self.posted.get(timeout=10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._converse(connection)
            if connection not in self._stuck:
                connection.close()

    def _converse(self, connection: socket.socket) -> None:
        peer = h11.Connection(h11.SERVER)
        while (request := _request(peer, connection)) is not None:
            if CLOSE_MARKER in request.body:
                return
            if STUCK_MARKER in request.body:
                self._stuck.append(connection)
                return
            if request.path == f"{PREFIX}/invocation/next":
                if not self._hand_out(peer, connection):
                    return
            else:
                self.posted.put(request)
                _answer(peer, connection, 202, [], b"{}")
            if peer.our_state is h11.MUST_CLOSE:
                return
            peer.start_next_cycle()

    def _hand_out(self, peer: h11.Connection, connection: socket.socket) -> bool:
        try:
            number, invocation = self._invocations.get_nowait()
        except queue.Empty:
            return False
        headers = [
            ("Lambda-Runtime-Aws-Request-Id", f"invocation-{number}"),
            ("Lambda-Runtime-Deadline-Ms", str(int((time.time() + self._seconds) * 1000))),
            ("Lambda-Runtime-Trace-Id", f"Root=1-{number};Sampled={int(number == 0)}"),
        ]
        _answer(peer, connection, 200, headers, json.dumps(invocation).encode())
        return True


def _answer(
    peer: h11.Connection,
    connection: socket.socket,
    status: int,
    headers: list[tuple[str, str]],
    body: bytes,
) -> None:
    sized = [*headers, ("Content-Length", str(len(body)))]
    for event in (h11.Response(status_code=status, headers=sized), h11.Data(data=body)):
        connection.sendall(peer.send(event) or b"")
    connection.sendall(peer.send(h11.EndOfMessage()) or b"")


def _request(peer: h11.Connection, connection: socket.socket) -> Posted | None:
    head, body, trailers = None, b"", {}
    for event in _events(peer, connection):
        if isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
            if CLOSE_MARKER in body or STUCK_MARKER in body:
                break
        elif isinstance(event, h11.EndOfMessage):
            trailers = _texts(list(event.headers))
    return (
        None
        if head is None
        else Posted(head.target.decode(), _texts(list(head.headers)), body, trailers)
    )


def _events(peer: h11.Connection, connection: socket.socket) -> Iterator[h11.Event]:
    while True:
        event = peer.next_event()
        if event is h11.NEED_DATA:
            peer.receive_data(connection.recv(65_536))
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            return
        elif isinstance(event, h11.Event):
            yield event
            if isinstance(event, h11.EndOfMessage):
                return


def _texts(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in headers}
