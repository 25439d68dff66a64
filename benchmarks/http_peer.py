"""A program that serves HTTP before the same upstream, as one process tree."""

from __future__ import annotations

import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import NamedTuple

from benchmarks.fixtures import Operation
from benchmarks.processes import Measured, ProcessFailed

_TIMEOUT_SECONDS = 120


class Request(NamedTuple):
    """What is posted for an operation."""

    path: str
    body: bytes
    headers: Mapping[str, str]


class HttpPeer(ABC):
    """A server that listens at `port` of this machine once it is ready."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], port: int) -> None:
        self._port = port
        self.process = Measured(command, environment)
        with ExitStack() as unless_it_starts:
            unless_it_starts.callback(self.close)
            with self.process.explained():
                self._wait()
            unless_it_starts.pop_all()

    @abstractmethod
    def request_for(self, operation: Operation) -> Request:
        """Return the request in the format that the server speaks."""

    @abstractmethod
    def judge(self, operation: Operation, status: int, body: bytes) -> None:
        """Raise ProcessFailed for another answer than the one expected."""

    def call(self, operation: Operation, times: int = 1) -> None:
        """On a connection of its own, so that several callers may call at once."""
        request = self.request_for(operation)
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_SECONDS)
        with self.process.explained():
            for _ in range(times):
                connection.request("POST", request.path, request.body, dict(request.headers))
                response = connection.getresponse()
                self.judge(operation, response.status, response.read())
        connection.close()

    def close(self) -> None:
        self.process.close()

    def _wait(self) -> None:
        until = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < until and self.process.runs():
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return
        raise ProcessFailed(f"{type(self).__name__} does not listen")


def free_port() -> int:
    """Return a port of this machine that no program listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
