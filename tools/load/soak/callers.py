"""Callers side by side, each over its own HTTP connection, and how each of their calls ended."""

import http.client
import json
import struct
import threading
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import NamedTuple

from tools.load.soak import traffic
from tools.load.soak.endpoint import KEY, STAGE
from tools.load.soak.traffic import End, Request

_TIMEOUT_SECONDS = 120


class Ended(NamedTuple):
    """A call. `gateway_id` is API Gateway's id of the request, `told_id` that of `request-id`.
    `is_duplicate`: its record was due twice."""

    kind: str
    due: End
    end: End
    status: int
    gateway_id: str
    request_id: str
    is_duplicate: bool = False


class Caller:
    """One connection to the front at `port`, opened anew after a hang-up."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)

    def call(self, request: Request) -> Ended:
        try:
            return self._call(request)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Ended(request.kind, request.due, "no answer", 0, "", type(error).__name__)

    def _call(self, request: Request) -> Ended:
        headers = {"x-api-key": KEY, "content-type": "application/json"}
        path = f"/{STAGE}{request.path}"
        self._connection.request(request.method, path, request.body or None, headers)
        got = self._connection.getresponse()
        names = {name.lower(): value for name, value in got.getheaders()}
        if request.hangs_up and got.status == 200:
            got.read(1)
            self._connection.close()
            end: End = "left"
        else:
            end = _end(got.status, names, got.read())
        ids = names.get("x-amzn-requestid", ""), names.get("request-id", "")
        return Ended(request.kind, request.due, end, got.status, *ids, request.is_duplicate)

    def close(self) -> None:
        self._connection.close()


def _end(status: int, headers: Mapping[str, str], body: bytes) -> End:
    kind = headers.get("content-type", "")
    if status != 200:
        message = json.loads(body)
        complete = "error" in message if "x-amzn-errortype" not in headers else "message" in message
        return "refused" if complete else "no answer"
    if kind.startswith("text/event-stream"):
        return _end_of_events(body)
    if kind == "application/vnd.amazon.eventstream":
        return _end_of_frames(body)
    return "answered" if json.loads(body) else "no answer"


def _end_of_events(body: bytes) -> End:
    *_, last, rest = body.split(b"\n\n")
    if rest:
        return "no answer"
    if last.startswith(b"event: message_stop\n"):
        return "answered"
    return "broken off" if last.startswith(b"event: error\n") else "no answer"


def _end_of_frames(body: bytes) -> End:
    at, last = 0, b""
    while at < len(body):
        (length,) = struct.unpack_from(">I", body, at)
        at, last = at + length, body[at : at + length]
    if at != len(body) or not last:
        return "no answer"
    if b":exception-type" in last:
        return "broken off"
    return "answered" if _closes(last) else "no answer"


def _closes(frame: bytes) -> bool:
    """Return whether a whole answer ends in it: in `message_stop`, or Converse's in `metadata`."""
    (length,) = struct.unpack_from(">I", frame, 4)
    payload = json.loads(frame[12 + length : -4])
    return b"message_stop" in b64decode(payload.get("bytes", "")) or "metrics" in payload


class Callers:
    """`count` callers of the front at `port`."""

    def __init__(self, port: int, count: int, seed: int) -> None:
        self._callers = [Caller(port) for _ in range(count)]
        self._randoms = [Random(seed + number) for number in range(count)]  # noqa: S311
        self._pool = ThreadPoolExecutor(count)
        self._count = count
        self._lock = threading.Lock()
        self._done = 0

    def at_once(self, request: Request) -> list[Ended]:
        """Return every caller's call of the same, begun side by side."""
        return list(self._pool.map(lambda caller: caller.call(request), self._callers))

    def calls(self, total: int, report: Callable[[int], None]) -> list[Ended]:
        """So many calls by all callers together; `report` gets how many are done."""
        self._done = 0
        shares = [total // self._count + (n < total % self._count) for n in range(self._count)]
        made = self._pool.map(self._share, range(self._count), shares, [report] * self._count)
        return [ended for of_caller in made for ended in of_caller]

    def _share(self, number: int, share: int, report: Callable[[int], None]) -> list[Ended]:
        return list(self._calls_of(number, share, report))

    def _calls_of(self, number: int, share: int, report: Callable[[int], None]) -> Iterator[Ended]:
        for _ in range(share):
            yield self._callers[number].call(traffic.random_request(self._randoms[number]))
            with self._lock:
                self._done += 1
                report(self._done)

    def close(self) -> None:
        self._pool.shutdown()
        for caller in self._callers:
            caller.close()


def unexpected(ended: Iterable[Ended]) -> list[Ended]:
    """Return the calls that ended otherwise than they were due to."""
    return [call for call in ended if call.end != call.due]
