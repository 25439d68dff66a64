"""One HTTP exchange: reading the request, sending the answer, breaking off as a fault asks."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from local.bedrock.errors import RefusedError, UnauthorizedError, invalid

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Iterable[tuple[str, str]]

ABORT = "local.abort"
CLIENT_CERTIFICATE = "local.client_certificate"
"""The ASGI extension, given by `local.bedrock.server`, that resets the connection."""


class ClientDisconnectedError(Exception):
    """The client closed the connection before the answer was complete."""


class Wire:
    """The exchange of one request; `request_id` goes into every answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self.method: str = scope["method"]
        # The path as it came: a signature covers it percent-encoded, and an ARN in it has encoded
        # slashes.
        self.raw_path: str = scope["raw_path"].decode("ascii")
        self.query: str = scope["query_string"].decode("ascii")
        self.headers: dict[str, str] = {
            # ISO-8859-1 maps each byte to a character, so no header fails to decode:
            # https://www.rfc-editor.org/rfc/rfc9110#section-5.5
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        self.request_id = request_id
        # Whether the model's refusals have Anthropic's form; those of IAM and signatures are AWS's.
        self.has_anthropic_errors = False
        self._abort: Callable[[], None] | None = scope.get("extensions", {}).get(ABORT)
        self._receive = receive
        self._send = send
        self._disconnect: asyncio.Task[None] | None = None

    async def body(self, limit: int) -> bytes:
        """Return the request body; over `limit` bytes it is read to its end and refused."""
        parts, length, more = [], 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnectedError
            length += len(message["body"])
            # Read on but keep nothing: who is still sending does not read an answer.
            if length <= limit:
                parts.append(message["body"])
            more = message.get("more_body", False)
        if length > limit:
            raise invalid(
                "1 validation error detected: Value at 'body' failed to satisfy constraint: "
                f"Member must have length less than or equal to {limit}"
            )
        return b"".join(parts)

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        await self.start(status, [*headers, ("content-length", str(len(body)))])
        await self.write(body)
        await self.end()

    async def refuse(self, refused: RefusedError) -> None:
        """The error answer in Bedrock's shape, or in Anthropic's."""
        if self.has_anthropic_errors and not isinstance(refused, UnauthorizedError):
            body = json.dumps(refused.anthropic_body(self.request_id)).encode()
            await self.reply(refused.status, [("content-type", "application/json")], body)
            return
        # AWS SDKs take the exception from this header:
        # https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html, "Operation error
        # serialization".
        headers = [("content-type", "application/json"), ("x-amzn-errortype", refused.header)]
        await self.reply(refused.status, headers, json.dumps(refused.body()).encode())

    async def start(self, status: int, headers: Headers) -> None:
        everything = [*headers, ("x-amzn-requestid", self.request_id)]
        await self._send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in everything],
            }
        )

    async def write(self, data: bytes) -> None:
        """Send `data` as one piece; raise ClientDisconnectedError if nobody reads it."""
        if self._disconnect is not None and self._disconnect.done():
            raise ClientDisconnectedError
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than the client does."""
        if seconds <= 0:
            return
        # ASGI says by a message that the client has gone: only who waits for it learns of it.
        if self._disconnect is None:
            self._disconnect = asyncio.create_task(self._wait_for_disconnect())
        done, _ = await asyncio.wait({self._disconnect}, timeout=seconds)
        if done:
            raise ClientDisconnectedError

    def reset(self) -> None:
        """Reset the connection: what was not sent is lost, and the client sees no clean end."""
        if self._abort is None:
            raise RuntimeError("only local.bedrock.server can reset a connection")
        self._abort()

    def close(self) -> None:
        """End the watch for the client's going; call it when the exchange is over."""
        if self._disconnect is not None:
            self._disconnect.cancel()

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
