"""An upstream for one call, which looks at a clock the moment a request's first byte is here."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from benchmarks.processes import ProcessFailed
from benchmarks.upstream import content_length

_TIMEOUT_SECONDS = 30.0
_READ_BYTES = 65_536


class WatchedUpstream:
    """Answers its one request with `response`, over TLS if there is a `certificate`.

    The clock is read in this process by a thread that waits for nothing else, and before the caller
    is answered: what a function does while it waits is not in it, as long as a core is free.
    """

    def __init__(self, response: bytes, certificate: Path | None = None) -> None:
        self._response = response
        self._tls = _tls(certificate) if certificate else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_TIMEOUT_SECONDS)
        self._seen: float | None = None
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def endpoint(self) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def watch(self, clock: Callable[[], float]) -> None:
        """From now on a request may come."""
        self._thread = threading.Thread(target=self._serve, args=(clock,), daemon=True)
        self._thread.start()

    def seen(self) -> float:
        """Return what the clock said. Raise ProcessFailed if no request came."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        if self._seen is None:
            raise ProcessFailed("the upstream was sent nothing")
        return self._seen

    def close(self) -> None:
        self._done.set()
        self._listener.close()

    def _serve(self, clock: Callable[[], float]) -> None:
        accepted = self._listener.accept()[0]
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        accepted.settimeout(_TIMEOUT_SECONDS)
        with self._tls.wrap_socket(accepted, server_side=True) if self._tls else accepted as peer:
            received = _receive(peer, 1)
            self._seen = clock()
            _read_rest(peer, received)
            peer.sendall(self._response)
            self._done.wait(_TIMEOUT_SECONDS)


def _read_rest(peer: socket.socket, received: bytes) -> None:
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _receive(peer)
    missing = end + 4 + content_length(received[:end]) - len(received)
    while missing > 0:
        missing -= len(_receive(peer))


def _receive(peer: socket.socket, size: int = _READ_BYTES) -> bytes:
    data = peer.recv(size)
    if not data:
        raise ConnectionError("the caller closed the connection in the middle of its request")
    return data


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context
