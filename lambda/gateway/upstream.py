"""Requests to bedrock-runtime and their responses, one at a time over one connection.

Tells a request that cannot have arrived whole from one that may have: only the first is repeated.
"""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from gateway import errors
from gateway.connection import Connection
from gateway.http1 import ProtocolError, ResponseReader, post_request
from gateway.signing import Credentials

LARGEST_BODY_BYTES = 25_000_000  # of an answer in one piece


class Signer(Protocol):
    """Adds to `headers` what proves who calls."""

    def sign(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        credentials: Credentials | None = None,
    ) -> dict[str, str]: ...


class UpstreamResponse(Protocol):
    """One response, its head read. `close` must be called, whole or not."""

    status: int
    headers: Mapping[str, str]

    def read(self, seconds: float) -> bytes | None:
        """Return the next body bytes; None after `seconds` without any, b"" at the end.

        Raises UpstreamFailed when the connection breaks, ClientDisconnected when the client left.
        """

    def close(self) -> None:
        """Keep the connection for the next request if this one left it clean."""


def read_all(response: UpstreamResponse, seconds: float) -> bytes:
    """Return the rest of the body. Raises UpstreamFailed, or UpstreamTimeout after `seconds`."""
    until, parts, size = time.monotonic() + seconds, [], 0
    while body := response.read(until - time.monotonic()):
        parts.append(body)
        size += len(body)
        if size > LARGEST_BODY_BYTES:
            raise errors.UpstreamFailed(
                "Bedrock's response is too long. Use streaming, or lower max_tokens.",
                cause="TooLong",
            )
    if body is None:
        raise _timeout()
    return b"".join(parts)


class SocketResponse:
    """A reply that is read from the connection it came on."""

    def __init__(
        self,
        connection: Connection,
        reader: ResponseReader,
        body: bytes,
        check_client: Callable[[], None],
        damage: errors.GatewayError | None = None,
    ) -> None:
        if reader.head is None:
            raise ProtocolError("a reply without a head")
        self.status = reader.head.status
        self.headers: Mapping[str, str] = reader.head.headers
        self._connection = connection
        self._reader = reader
        self._pending = body
        self._check_client = check_client
        self._damage = damage

    def read(self, seconds: float) -> bytes | None:
        if self._pending:
            body, self._pending = self._pending, b""
            return body
        if self._damage is not None:
            raise self._damage
        until = time.monotonic() + seconds
        while not self._reader.complete:
            received = self._connection.receive(self._reader, until, self._check_client)
            if received is None or received:
                return received
        return b""

    def close(self) -> None:
        if self._connection.is_spoiled or not self._reader.reusable:
            self._connection.close()


class Upstream:
    """bedrock-runtime at `endpoint` (scheme, host and port).

    `on_request_sent` is done each time Bedrock has been asked and has not answered yet.
    """

    def __init__(
        self, endpoint: str, signer: Signer, on_request_sent: Callable[[], None] | None = None
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._signer = signer
        self._on_request_sent = on_request_sent
        self._connection = Connection(self._endpoint, "Bedrock")

    def post(
        self,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        seconds: float,
        check_client: Callable[[], None],
        credentials: Credentials | None = None,
    ) -> UpstreamResponse:
        """The reply to a signed POST, once its head is here; its body is still to be read.
        `credentials` are the caller's session, if it has one.

        `path` is percent-encoded. `check_client` is called now and then while nothing comes, and
        ends it by raising. Raises Unreachable, UpstreamFailed, or UpstreamTimeout after `seconds`.
        """
        signed = self._signer.sign("POST", self._endpoint + path, headers, body, credentials)
        until = time.monotonic() + seconds
        reader = ResponseReader()
        try:
            pieces = post_request(path, self._connection.host, signed, body)
            failure = self._connection.send(pieces, until)
            if self._on_request_sent is not None:
                self._on_request_sent()
            received, damage = self._read_head(reader, until, check_client, failure)
        finally:
            if reader.head is None:  # an answer may still come, and it would be the next caller's
                self._connection.close()
        return SocketResponse(self._connection, reader, received, check_client, damage)

    def _read_head(
        self,
        reader: ResponseReader,
        until: float,
        check_client: Callable[[], None],
        failure: OSError | None,
    ) -> tuple[bytes, errors.GatewayError | None]:
        """Return what came behind the head, and what is wrong with it: Bedrock has answered all
        the same, and the audit entry says so.

        `failure` is what kept the request from being sent whole. A peer that does not want all of
        it answers first: https://www.rfc-editor.org/rfc/rfc9112#section-9.3
        """
        received: bytes | None = b""
        try:
            while reader.head is None:
                received = self._connection.receive(reader, until, check_client)
                if received is None:
                    raise _timeout()
        except errors.GatewayError as error:
            if reader.head is not None:
                return received or b"", error
            if failure is not None:
                raise self._connection.not_reached(failure) from failure
            raise
        return received or b"", None

    def close(self) -> None:
        """Give the connection up; a later request opens another."""
        self._connection.close()


def _timeout() -> errors.UpstreamTimeout:
    return errors.UpstreamTimeout(
        "Bedrock did not respond in time. Try again.", cause="ReadTimeout"
    )
