"""Signed requests to an AWS service beside Bedrock, over a connection that stays open.

boto3 does the same, and its import is half a cold start.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from gateway.connection import Connection
from gateway.errors import GatewayError, NotSent
from gateway.http1 import ResponseReader, post_request

MAX_BODY_BYTES = 1_000_000  # of a response; DynamoDB's largest is 1 MB


class ServiceError(Exception):
    """There is no response. `cause` names what happened, for the operator. `may_have_arrived` is
    whether the service can have received all of the request."""

    def __init__(self, cause: str, *, may_have_arrived: bool) -> None:
        super().__init__(cause)
        self.cause = cause
        self.may_have_arrived = may_have_arrived


class ServiceResponse(NamedTuple):
    """A complete response, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Signer(Protocol):
    def sign(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, str]: ...


class AwsService:
    """The service `name` at `endpoint` (scheme, host and port); `signer` signs for that service.

    One request at a time. `send` and `receive` are apart so that work can be done while the service
    answers; a request whose response nobody received is given up with its connection.
    """

    def __init__(self, name: str, endpoint: str, signer: _Signer) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._signer = signer
        self._connection = Connection(self._endpoint, name)
        self._is_waiting = False

    def call(self, headers: Mapping[str, str], body: bytes, seconds: float) -> ServiceResponse:
        """Return the response to a POST of `/`. Raises ServiceError, after `seconds` at the
        latest."""
        until = time.monotonic() + seconds
        self.send(headers, body, seconds)
        return self.receive(until - time.monotonic())

    def send(self, headers: Mapping[str, str], body: bytes, seconds: float) -> None:
        """Send a POST of `/`. Raises ServiceError."""
        if self._is_waiting:
            self.close()
        signed = self._signer.sign("POST", f"{self._endpoint}/", headers, body)
        pieces = post_request("/", self._connection.host, signed, body)
        try:
            failure = self._connection.send(pieces, time.monotonic() + seconds)
        except GatewayError as error:
            raise _service_error(error) from error
        if failure is not None:
            self.close()
            raise ServiceError(type(failure).__name__, may_have_arrived=False) from failure
        self._is_waiting = True

    def receive(self, seconds: float) -> ServiceResponse:
        """Return the response to what was sent. Raises ServiceError."""
        reader, until = ResponseReader(), time.monotonic() + seconds
        try:
            body = self._read(reader, until)
        except GatewayError as error:
            self.close()
            raise _service_error(error) from error
        if body is None or reader.head is None:
            self.close()
            raise ServiceError("ReadTimeout", may_have_arrived=True)
        self._is_waiting = False
        if not reader.reusable:
            self.close()
        return ServiceResponse(reader.head.status, reader.head.headers, body)

    def _read(self, reader: ResponseReader, until: float) -> bytes | None:
        """Return the complete body; None where it is not here in time."""
        parts: list[bytes] = []
        while not reader.complete:
            data = self._connection.receive(reader, until, _continue)
            if data is None or sum(map(len, parts)) > MAX_BODY_BYTES:
                return None
            parts.append(data)
        return b"".join(parts)

    def close(self) -> None:
        """Close the connection; a later request opens another."""
        self._connection.close()
        self._is_waiting = False


def _continue() -> None:
    """Wait on: a request to a service does not end because the client left."""


def _service_error(error: GatewayError) -> ServiceError:
    return ServiceError(error.cause, may_have_arrived=not isinstance(error, NotSent))
