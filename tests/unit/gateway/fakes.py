"""Both ends of the gateway as a test sees them: a scripted Bedrock, a response that is kept."""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gateway.errors import GatewayError
from gateway.runtime import ClientDisconnected
from gateway.signing import Credentials
from gateway.upstream import UpstreamResponse

IDLE = None


class Sent(NamedTuple):
    """What the gateway asked of Bedrock."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    credentials: Credentials | None = None


class ScriptedReply:
    """`parts` are read one at a time: bytes, SILENCE, or an error to raise."""

    def __init__(
        self, status: int, headers: Mapping[str, str], parts: list[bytes | GatewayError | None]
    ) -> None:
        self.status = status
        self.headers: Mapping[str, str] = {"x-amzn-requestid": "bedrock-1", **headers}
        self.closed = False
        self.waited: list[float] = []
        self._parts = parts

    def read(self, seconds: float) -> bytes | None:
        assert seconds > 0
        self.waited.append(seconds)
        part = self._parts.pop(0) if self._parts else b""
        if isinstance(part, GatewayError):
            raise part
        return part

    def close(self) -> None:
        self.closed = True


class FakeBedrock:
    """Answers with `earlier` replies while there are any, then every request with `reply`, or
    raises `failure`; keeps what it was sent. `then_leaves`: who is gone once it has been asked."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.failure: GatewayError | None = None
        self.earlier: list[ScriptedReply] = []
        self.reply = ScriptedReply(200, {}, [b"{}"])
        self.then_leaves: SentResponse | None = None

    def answers(
        self, *parts: bytes | GatewayError | None, status: int = 200, **headers: str
    ) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.reply = ScriptedReply(status, named, list(parts))

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
        assert seconds > 0
        check_client()
        self.sent.append(Sent(path, headers, body, credentials))
        if self.then_leaves is not None:
            self.then_leaves.has_left = True
        if self.failure is not None:
            raise self.failure
        return self.earlier.pop(0) if self.earlier else self.reply

    @property
    def body(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.sent[-1].body)
        return content

    @property
    def counted(self) -> dict[str, Any]:
        """The invoke body inside a question to CountTokens."""
        content: dict[str, Any] = json.loads(b64decode(self.body["input"]["invokeModel"]["body"]))
        return content

    @property
    def metadata(self) -> dict[str, Any]:
        header = self.sent[-1].headers["x-amzn-bedrock-request-metadata"]
        content: dict[str, Any] = json.loads(header)
        return content


class SentResponse:
    """What the caller received. It leaves after `leaves_after` writes, if that is set."""

    def __init__(self, leaves_after: int | None = None) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.writes: list[bytes] = []
        self._leaves_after = leaves_after
        self.has_left = False

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        assert not self.writes, "the status can't be changed any more"
        self.status, self.headers = status, dict(headers)

    def write(self, data: bytes) -> None:
        if len(self.writes) == self._leaves_after:
            raise ClientDisconnected("left")
        self.writes.append(data)

    def write_last(self, data: bytes) -> None:
        self.write(data)
        self._leaves_after = len(self.writes)

    def check_client(self) -> None:
        if self.has_left:
            raise ClientDisconnected("left")

    @property
    def body(self) -> bytes:
        return b"".join(self.writes)

    def json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """The server-sent events, parsed strictly."""
        *blocks, rest = self.body.decode().split("\n\n")
        assert rest == "", "the last event is not complete"
        return [_event(block) for block in blocks]


def _event(block: str) -> tuple[str, dict[str, Any]]:
    name, data = block.split("\n")
    assert name.startswith("event: ")
    assert data.startswith("data: ")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))
