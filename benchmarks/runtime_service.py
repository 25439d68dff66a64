"""The Lambda Runtime API as one function sees it, one invocation at a time.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import socket
import time
from typing import Any, NamedTuple

from benchmarks.processes import ProcessFailed

_API = "/2018-06-01/runtime"
_PRELUDE_END = b"\0" * 8
_TIMEOUT_SECONDS = 30.0
_FUNCTION_SECONDS = 900
_CUT = "it closed the connection in the middle of its answer"


class Answer(NamedTuple):
    """What the function's caller is given; `first_ms`: how long, by the clock, after the event was
    handed out the first byte of the body was there."""

    status: int
    headers: dict[str, str]
    body: bytes
    first_ms: float


class _Request(NamedTuple):
    method: str
    path: str
    body: bytes
    first_at: float


class RuntimeService:
    """Listens at `address` for one function. It is idle between `invoke`s: each waits for the
    function to ask for the next, so that whatever an invocation cost lies before its end."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_TIMEOUT_SECONDS)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._connection: _Connection | None = None
        self._count = 0

    def close(self) -> None:
        self._listener.close()
        if self._connection is not None:
            self._connection.close()

    def wait_until_idle(self) -> None:
        """Until the function asks for its next invocation. Raises ProcessFailed."""
        self._expected("GET", f"{_API}/invocation/next")

    def invoke(self, event: bytes, seconds: float = _FUNCTION_SECONDS) -> Answer:
        """Hand `event` to an idle function, read its streamed answer, wait until it is idle."""
        begun = time.perf_counter()
        request_id = self.hand_out(event, seconds)
        response = self._expected("POST", f"{_API}/invocation/{request_id}/response")
        self._reply(b"{}", "", status="202 Accepted")
        self.wait_until_idle()
        return _answer(response.body, (response.first_at - begun) * 1000)

    def hand_out(self, event: bytes, seconds: float = _FUNCTION_SECONDS) -> str:
        """Give `event` to an idle function, which has `seconds` for it; the request's id."""
        self._count += 1
        request_id = f"00000000-0000-4000-8000-{self._count:012}"
        self._reply(
            event,
            f"Lambda-Runtime-Aws-Request-Id: {request_id}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {int((time.time() + seconds) * 1000)}\r\n"
            "Lambda-Runtime-Invoked-Function-Arn: "
            "arn:aws:lambda:us-east-1:123456789012:function:gateway\r\n"
            "Lambda-Runtime-Trace-Id: Root=1-67891233-abcdef012345678912345678;Sampled=0\r\n",
        )
        return request_id

    def leave(self) -> None:
        """End the connection to a function that is not idle: its answer is read no further."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _expected(self, method: str, path: str) -> _Request:
        request = self._request()
        if (request.method, request.path) != (method, path):
            text = request.body.decode(errors="replace")
            raise ProcessFailed(f"{request.method} {request.path}: {text}")
        return request

    def _request(self) -> _Request:
        """Return the function's next request, on the connection it has or on the one it opens."""
        while True:
            if self._connection is None:
                self._connection = _Connection(self._listener.accept()[0])
            if (request := self._connection.request()) is not None:
                return request
            self._connection.close()
            self._connection = None

    def _reply(self, body: bytes, headers: str, status: str = "200 OK") -> None:
        assert self._connection is not None
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        self._connection.send(head.encode() + body)


class _Connection:
    def __init__(self, accepted: socket.socket) -> None:
        self._socket = accepted
        self._socket.settimeout(_TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = accepted.makefile("rb", 1 << 20)

    def request(self) -> _Request | None:
        """Return the next one; None when the function has closed instead."""
        line = self._reader.readline()
        if not line:
            return None
        method, path, _ = line.decode().split()
        headers = self._headers()
        if "transfer-encoding" in headers:
            return _Request(method, path, *self._chunks())
        body = self._exactly(int(headers.get("content-length", "0")))
        return _Request(method, path, body, time.perf_counter())

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        self._reader.close()
        self._socket.close()

    def _headers(self) -> dict[str, str]:
        headers = {}
        while line := self._line().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def _chunks(self) -> tuple[bytes, float]:
        """Return the body, and when the first byte after the prelude was there."""
        parts, first_at = list[bytes](), 0.0
        while size := int(self._line(), 16):
            parts.append(self._exactly(size))
            self._exactly(2)
            if not first_at and not parts[-1].endswith(_PRELUDE_END):
                first_at = time.perf_counter()
        if trailers := self._headers():
            raise ProcessFailed(f"it failed in the middle of its answer: {trailers}")
        return b"".join(parts), first_at

    def _line(self) -> bytes:
        line = self._reader.readline()
        if not line.endswith(b"\n"):
            raise ProcessFailed(_CUT)
        return line

    def _exactly(self, size: int) -> bytes:
        data: bytes = self._reader.read(size)
        if len(data) < size:
            raise ProcessFailed(_CUT)
        return data


def _answer(body: bytes, first_ms: float) -> Answer:
    prelude, _, rest = body.partition(_PRELUDE_END)
    head: dict[str, Any] = json.loads(prelude)
    return Answer(head["statusCode"], head["headers"], rest, first_ms)
