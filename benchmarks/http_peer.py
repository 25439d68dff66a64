"""A program that serves HTTP before the same upstream, as one process tree."""

from __future__ import annotations

import json
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import NamedTuple

from benchmarks.fixtures import Operation
from benchmarks.processes import Measured, ProcessFailed

_TIMEOUT_SECONDS = 120
_DELTA = b"event: content_block_delta"


class Request(NamedTuple):
    """What is posted for an operation."""

    path: str
    body: bytes
    headers: Mapping[str, str]


class HttpPeer(ABC):
    """A server that listens at `port` of this machine once it is ready."""

    def __init__(self, process: Measured, port: int) -> None:
        self._port = port
        self.process = process
        with ExitStack() as unless_it_starts:
            unless_it_starts.callback(self.close)
            with self.process.explained():
                wait_until_ready(process, port, type(self).__name__)
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


def wait_until_ready(process: Measured, port: int, name: str) -> None:
    """Return once `port` takes connections. Raise ProcessFailed if it does not."""
    until = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < until and process.runs():
        if listens(port):
            return
        time.sleep(0.05)
    raise ProcessFailed(f"{name} does not listen")


def listens(port: int) -> bool:
    """Return whether a program of this machine takes connections at `port`."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionRefusedError:
        return False
    return True


def judge_message(operation: Operation, status: int, body: bytes) -> None:
    """Compare the content, which a peer may write anew, and count the deltas of a stream. Raise
    ProcessFailed for other content."""
    if operation.stream:
        right = body.count(_DELTA) == operation.answer.count(_DELTA)
    else:
        right = json.loads(body).get("content") == json.loads(operation.answer)["content"]
    if status != 200 or not right:
        raise ProcessFailed(f"{operation.name}: not the answer expected: {status} {body[:500]!r}")


def free_port() -> int:
    """Return a port of this machine that no program listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
