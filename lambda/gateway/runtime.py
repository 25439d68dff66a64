"""The Lambda Runtime API: takes invocations, streams responses; knows nothing of Claude.

Managed Python runtimes cannot stream a response, the Runtime API can:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
When AWS ships streaming for Python, this file goes.
"""

import gc
import importlib
import json
import os
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol

from gateway import lazy_import
from gateway.http1 import ProtocolError
from gateway.runtime_api import API_PATH, RuntimeApiConnection

_PRELUDE_END = b"\0" * 8
_RESERVE_SECONDS = 1.0  # for the handler's last words before Lambda ends the invocation


class Context:
    """What Lambda says of one invocation; `deadline` in seconds since the epoch."""

    def __init__(self, request_id: str, deadline: float) -> None:
        self.request_id = request_id
        self.deadline = deadline

    def remaining(self) -> float:
        """Return seconds until Lambda ends this invocation."""
        return self.deadline - time.time()


class ClientDisconnected(Exception):
    """Nobody reads the response any more."""


class Response(Protocol):
    """What a handler pushes its answer into."""

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Set status and headers; nothing leaves before the first `write` or the end."""

    def write(self, data: bytes) -> None:
        """Send body bytes now. Raises ClientDisconnected."""

    def write_last(self, data: bytes) -> None:
        """Send body bytes now, and that nothing follows. Raises ClientDisconnected."""

    def check_client(self) -> None:
        """Raise ClientDisconnected if the client has left, as far as is known without a `write`."""


Handler = Callable[[dict[str, Any], Context, Response], None]


class StreamingResponse:
    """The answer to one invocation, and its end: a context manager that reports what escapes it.

    A failure before the first byte is Lambda's `/error`; after it, the trailers that Lambda names.
    """

    def __init__(self, connection: RuntimeApiConnection, context: Context) -> None:
        self._connection = connection
        self._request_id = context.request_id
        self._remaining = context.remaining
        self._pending = b""
        self._started = False
        self._sent = False  # whether bytes of the response have left
        self._ended = False
        self._is_disconnected = False

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        prelude = json.dumps({"statusCode": status, "headers": dict(headers)}).encode()
        self._pending = self._head() + _chunk(prelude + _PRELUDE_END)
        self._started = True

    def write(self, data: bytes) -> None:
        if not self._started:
            raise RuntimeError("a response is written before it is started")
        if data:
            self._send(self._pending + _chunk(data))
            self._pending = b""

    def write_last(self, data: bytes) -> None:
        self._pending += _chunk(data) if data else b""
        self._end("")

    def check_client(self) -> None:
        """AWS documents no sign of a caller that has left: this is what a connection can show. One
        that has carried nothing of the response yet shows nothing of its caller."""
        if self._sent and self._connection.is_refused():
            self._is_disconnected = True
            raise ClientDisconnected("the connection of the response has ended")

    def __enter__(self) -> "StreamingResponse":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        if error is not None:
            _log_failure(error)
        if self._is_disconnected:
            self._connection.close()
        if not (self._started and (self._sent or not self._is_disconnected)):
            failure = error or RuntimeError("the handler answered nothing")
            _report(self._connection, f"/invocation/{self._request_id}/error", failure)
        elif not self._is_disconnected:
            self._finish(error)
        return isinstance(error, Exception)

    def _finish(self, error: BaseException | None) -> None:
        try:
            if not self._ended:
                self._end("" if error is None else _error_trailer(error))
            self._connection.read_response()
        except (ClientDisconnected, OSError, ProtocolError):
            pass  # the caller left before the end: the handler's own record has said what was sent
        finally:
            self._connection.close()  # Lambda asks for it after a streamed response

    def _end(self, trailer: str) -> None:
        self._ended = True
        self._send(self._pending + b"0\r\n" + trailer.encode() + b"\r\n")

    def _send(self, data: bytes) -> None:
        """A caller who does not read must not hold the handler until Lambda ends it. Raises
        ClientDisconnected."""
        try:
            if self._sent:
                self._connection.send(data, self._seconds_left)
            else:
                self._send_first(data)
        except OSError as error:
            self._is_disconnected = True
            raise ClientDisconnected("the response is no longer read") from error

    def _send_first(self, data: bytes) -> None:
        """The connection has been idle since the invocation came, and may have ended meanwhile:
        AWS does not say for how long it keeps one."""
        self._connection.renew_if_ended()
        try:
            self._connection.send(data, self._seconds_left)
        except TimeoutError:
            raise
        except OSError:
            self._connection.close()
            self._connection.send(data, self._seconds_left)
        self._sent = True

    def _seconds_left(self) -> float:
        return max(self._remaining() - _RESERVE_SECONDS, 0.001)

    def _head(self) -> bytes:
        return (
            f"POST {API_PATH}/invocation/{self._request_id}/response HTTP/1.1\r\n"
            f"Host: {self._connection.host}\r\n"
            "Content-Type: application/vnd.awslambda.http-integration-response\r\n"
            "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
            "Transfer-Encoding: chunked\r\n"
            "Trailer: Lambda-Runtime-Function-Error-Type,"
            " Lambda-Runtime-Function-Error-Body\r\n\r\n"
        ).encode()


def serve(handler: Handler, address: str) -> None:
    """Answer invocations from the Runtime API at `address` (host:port) until it goes away."""
    connection = RuntimeApiConnection(address)
    while True:
        reply = connection.request("GET", "/invocation/next")
        headers = reply.head.headers
        request_id = headers["lambda-runtime-aws-request-id"]
        context = Context(request_id, int(headers["lambda-runtime-deadline-ms"]) / 1000)
        os.environ["_X_AMZN_TRACE_ID"] = _sampled(headers.get("lambda-runtime-trace-id", ""))
        with StreamingResponse(connection, context) as response:
            handler(reply.take_json(), context, response)
        if not gc.isenabled():
            gc.freeze()  # what the start has imported stays
            gc.enable()


def main() -> None:
    """Load the handler that `_HANDLER` names (module.function) and serve it.

    The wrapper has switched the garbage collector off; it is on again after the first invocation.
    """
    address = os.environ["AWS_LAMBDA_RUNTIME_API"]
    lazy_import.make_all_lazy()
    with _ReportedInit(address):
        module_name, _, function = os.environ["_HANDLER"].rpartition(".")
        module = importlib.import_module(module_name)
        module.initialize()
        handler: Handler = getattr(module, function)
    serve(handler, address)


class _ReportedInit:
    """Tells Lambda why the function could not start, then lets the process end."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Exception):
            _report(RuntimeApiConnection(self._address), "/init/error", error)


def _report(connection: RuntimeApiConnection, path: str, error: BaseException) -> None:
    kind = f"Lambda-Runtime-Function-Error-Type: Runtime.{type(error).__name__}\r\n"
    connection.request("POST", path, kind, _error_body(error))


def _error_body(error: BaseException) -> bytes:
    """Return Lambda's error object. Its message, the error's class only, goes to Lambda's
    caller."""
    kind = type(error).__name__
    return json.dumps({"errorType": kind, "errorMessage": kind, "stackTrace": []}).encode()


def _error_trailer(error: BaseException) -> str:
    body = b64encode(_error_body(error)).decode()
    return (
        f"Lambda-Runtime-Function-Error-Type: Runtime.{type(error).__name__}\r\n"
        f"Lambda-Runtime-Function-Error-Body: {body}\r\n"
    )


def _sampled(trace_id: str) -> str:
    """Return the id if X-Ray keeps the trace, else none: glibc frees no earlier value of a
    variable, so that each new one costs memory for as long as the process lives.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    return trace_id if "Sampled=1" in trace_id else ""


def _log_failure(error: BaseException) -> None:
    """Log one line for the operator: where it failed, never the error's text, which may hold a
    prompt."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "unknown"
    line = {"level": "ERROR", "message": "invocation failed", "error": type(error).__name__}
    sys.stderr.write(json.dumps({**line, "where": where}) + "\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
