"""The Lambda Runtime API that one process of a function talks to; HTTP is h11's, trailers included.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and, for streamed responses,
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
"""

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import h11

from local.lambda_service.answer import Answer
from local.lambda_service.errors import CallerDisconnectedError, FunctionError
from local.lambda_service.peer import DisconnectedError, Peer

_API = "/2018-06-01/runtime"
_ERROR_TYPE = "lambda-runtime-function-error-type"
_ERROR_BODY = "lambda-runtime-function-error-body"


class Invocation(NamedTuple):
    """What a function is handed; `deadline_ms` since the epoch."""

    request_id: str
    event: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str
    answer: Answer


class RuntimeApi:
    """`on_ready` is called each time the function asks for its next invocation, `on_init_error`
    when it says that it cannot start."""

    def __init__(
        self, *, on_ready: Callable[[], None], on_init_error: Callable[[FunctionError], None]
    ) -> None:
        self._on_ready = on_ready
        self._on_init_error = on_init_error
        self._next: asyncio.Future[Invocation] | None = None
        self._current: Invocation | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def current(self) -> Invocation | None:
        """What the function is working on."""
        return self._current

    async def start(self) -> str:
        """Listen; gives the address as `host:port`."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def hand_out(self, invocation: Invocation) -> None:
        """Give the waiting function something to do; it must have asked (`on_ready`)."""
        if self._next is None:
            raise RuntimeError("the function has not asked for an invocation")
        self._current = invocation
        self._next.set_result(invocation)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        with suppress(DisconnectedError, CallerDisconnectedError, asyncio.CancelledError):
            await self._converse(Peer(reader, writer))
        writer.close()

    async def _converse(self, peer: Peer) -> None:
        while (request := await peer.request()) is not None:
            method, path = request.method.decode(), request.target.decode()
            if (method, path) == ("GET", f"{_API}/invocation/next"):
                await self._answer_next(peer)
            elif (method, path) == ("POST", f"{_API}/init/error"):
                self._on_init_error(_reported(request, await peer.body()))
                await peer.reply(202)
            elif method == "POST" and self._current is not None:
                await self._take_result(peer, request, path, self._current)
            else:
                await peer.reply(404)

    async def _answer_next(self, peer: Peer) -> None:
        await peer.body()
        self._current = None
        self._next = asyncio.get_running_loop().create_future()
        self._on_ready()
        invocation = await self._next
        self._next = None
        headers = {
            "lambda-runtime-aws-request-id": invocation.request_id,
            "lambda-runtime-deadline-ms": str(invocation.deadline_ms),
            "lambda-runtime-invoked-function-arn": invocation.function_arn,
            "lambda-runtime-trace-id": invocation.trace_id,
            "content-type": "application/json",
        }
        await peer.reply(200, headers, invocation.event)

    async def _take_result(
        self, peer: Peer, request: h11.Request, path: str, invocation: Invocation
    ) -> None:
        here = f"{_API}/invocation/{invocation.request_id}"
        if path == f"{here}/error":
            await invocation.answer.fail(_reported(request, await peer.body()))
            await peer.reply(202)
        elif path == f"{here}/response":
            await self._take_response(peer, invocation.answer)
        else:
            await peer.reply(400)

    async def _take_response(self, peer: Peer, answer: Answer) -> None:
        answer.responding(peer.disconnect)
        try:
            trailers = await peer.each_part(answer.put)
        except DisconnectedError:
            broken = "The function closed the connection in the middle of its response"
            await answer.fail(FunctionError("Runtime.TruncatedResponse", broken))
            raise
        if _ERROR_TYPE in trailers:
            await answer.fail(_in_trailers(trailers))
        else:
            await answer.finish()
        await peer.reply(202)


def _reported(request: h11.Request, body: bytes) -> FunctionError:
    """Return the error of an `/error` call, whose body names it again."""
    headers = {name.decode(): value.decode() for name, value in request.headers}
    return FunctionError(headers.get(_ERROR_TYPE, "Unhandled"), _message(body))


def _in_trailers(trailers: dict[str, str]) -> FunctionError:
    return FunctionError(trailers[_ERROR_TYPE], _message(b64decode(trailers.get(_ERROR_BODY, ""))))


def _message(body: bytes) -> str:
    try:
        message = json.loads(body)["errorMessage"]
    except (ValueError, KeyError, TypeError):
        return "the function reported an error without a message"
    return str(message)
