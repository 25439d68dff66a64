"""The server of the app: hypercorn on one loopback port, with a way to reset a connection.

hypercorn's own `serve` gives an app no hold on its connection, which the `cut` faults need; so its
connection handler is started from here.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import LifespanState

from local.bedrock.app import App
from local.bedrock.http2_goaway import GoawayFilteringReader
from local.bedrock.http_exchange import ABORT, CLIENT_CERTIFICATE, Receive, Scope, Send

_NO_LINGER = struct.pack("ii", 1, 0)


@asynccontextmanager
async def serve(
    app: App,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    grace_seconds: float = 3.0,
) -> AsyncIterator[int]:
    """Serve `app` inside the block and give the port; on leaving, running answers get
    `grace_seconds` to end before they are cut."""
    context, tasks = WorkerContext(None), set[asyncio.Task[Any]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        wrapped = ASGIWrapper(cast("Any", _with_abort(app, writer)))
        loop = asyncio.get_running_loop()
        heard = cast("Any", GoawayFilteringReader(reader)) if _is_http2(writer) else reader
        with suppress(TimeoutError):
            await TCPServer(wrapped, loop, _config(), context, LifespanState(), heard, writer)

    # A client that holds its connection open and answers nothing must not hold up the end.
    goodbye = None if tls is None else 1.0
    server = await asyncio.start_server(
        connected, host, port, ssl=tls, ssl_shutdown_timeout=goodbye, backlog=512
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await context.terminated.set()
        await _finish(tasks, grace_seconds)


def _is_http2(writer: asyncio.StreamWriter) -> bool:
    connection = writer.get_extra_info("ssl_object")
    # HTTP/2 is agreed on by ALPN within TLS alone:
    # https://www.rfc-editor.org/rfc/rfc9113#section-3.2
    return connection is not None and connection.selected_alpn_protocol() == "h2"


def _config() -> Config:
    config = Config()
    config.include_server_header = False
    config.keep_alive_timeout = 120.0
    config.keep_alive_max_requests = 1_000_000
    config.h11_max_incomplete_size = 64 * 1024
    return config


def _with_abort(app: App, writer: asyncio.StreamWriter) -> App:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        extensions = {
            **scope.get("extensions", {}),
            ABORT: _abort(writer),
            CLIENT_CERTIFICATE: writer.get_extra_info("peercert"),
        }
        await app({**scope, "extensions": extensions}, receive, send)

    return wrapped


def _abort(writer: asyncio.StreamWriter) -> Callable[[], None]:
    def abort() -> None:
        connection = writer.get_extra_info("socket")
        if connection is not None:
            # Lingering for zero seconds sends RST instead of FIN: the client sees a broken
            # connection, no end.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        writer.transport.abort()

    return abort


async def _finish(tasks: set[asyncio.Task[Any]], grace_seconds: float) -> None:
    running = set(tasks)
    if running:
        _, late = await asyncio.wait(running, timeout=grace_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
