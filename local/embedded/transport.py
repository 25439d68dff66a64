"""Requests on loopback count as sent over TLS 1.3, since nothing here leaves the machine.

A request that carries `x-forwarded-proto: http` counts as plain, for a test of what refuses it.
"""

from contextvars import ContextVar

from ministack import app  # type: ignore[import-untyped]

from local.bedrock.http_exchange import Receive, Scope, Send

_plain: ContextVar[bool] = ContextVar("plain", default=False)


def add() -> None:
    """Put it in; before MiniStack starts."""
    serve, pin = app.app, app.pin_request_origin

    async def serve_as_tls(scope: Scope, receive: Receive, send: Send) -> None:
        _plain.set((b"x-forwarded-proto", b"http") in scope.get("headers", ()))
        await serve(scope, receive, send)

    def pin_request_origin(source_ip: str, _secure: bool) -> None:
        pin(source_ip, not _plain.get())

    app.app = serve_as_tls
    app.pin_request_origin = pin_request_origin
