"""An AWS service over HTTP that answers as it is scripted to, but for the fault that is set."""

import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, NamedTuple

_SILENT_SECONDS: Final = 4.0

Answer = tuple[int, str]
"""Status and body."""


class ServiceFault(NamedTuple):
    """`answer` is what the service gives to `times` requests from the `first` one on; None for
    silence. `is_down`: nobody listens. `late_seconds`: how long after the request a right answer
    comes. `seconds`: what the call has."""

    name: str
    answer: Answer | None = None
    times: int = 100
    first: int = 1
    is_down: bool = False
    late_seconds: float = 0.0
    seconds: float = 10.0


class ScriptedService:
    """Gives the answer `right` to a request's body, but for the fault that is set. With
    `keep_alive` a connection takes many requests; without, none outlives the server."""

    def __init__(self, right: Callable[[bytes], Answer], *, keep_alive: bool = False) -> None:
        self._right = right
        self._protocol = "HTTP/1.1" if keep_alive else "HTTP/1.0"
        self._fault: ServiceFault | None = None
        self._requests = 0
        self._server = self._listening(0)
        self.port: int = self._server.server_address[1]

    def set_fault(self, fault: ServiceFault | None) -> None:
        self._fault, self._requests = fault, 0
        is_down = fault is not None and fault.is_down
        if is_down:
            self._server.shutdown()
            self._server.server_close()
        elif self._server.socket.fileno() < 0:
            self._server = self._listening(self.port)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _listening(self, port: int) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def _answer(self, body: bytes) -> Answer | None:
        fault, self._requests = self._fault, self._requests + 1
        if fault is None or not fault.first <= self._requests < fault.first + fault.times:
            return self._right(body)
        if fault.late_seconds:
            time.sleep(fault.late_seconds)
            return self._right(body)
        return fault.answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer, protocol = self._answer, self._protocol

        class Handler(BaseHTTPRequestHandler):
            protocol_version = protocol
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                scripted = answer(self.rfile.read(int(self.headers["content-length"])))
                if scripted is None:
                    self.connection.settimeout(_SILENT_SECONDS)
                    _wait_for_the_end(self.connection)
                    return
                status, text = scripted
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())
                self.wfile.flush()

            def log_message(self, *_arguments: object) -> None:
                pass

        return Handler


def _wait_for_the_end(connection: socket.socket) -> None:
    try:
        connection.recv(1)
    except OSError:
        return
