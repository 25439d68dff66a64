"""A stand-in for S3 and CloudWatch Logs that answers for a steady load, over HTTP.

`python -m benchmarks.load_service CALLS BYTES RECORDS MINUTES` prints its port. It knows
ListObjectsV2, GetObject and FilterLogEvents, and reads nothing of a signature.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks.hour_load import BUCKET, DELAY_MS, HourLoad, LoadSize
from benchmarks.upstream import RequestReader

AUDIT_GROUP: Final = "gateway"
RECORD_GROUP: Final = "invocations"
_PAGE_BYTES: Final = 1_000_000
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"""
_PAGE_OBJECTS: Final = 1000
_HOUR: Final = re.compile(r"/(\d{4}/\d\d/\d\d/\d\d)/")
_SUFFIX: Final = re.compile(r"_([0-9a-f]{16})\.json\.gz$")


class _Service(RequestReader):
    def __init__(self, load: HourLoad) -> None:
        super().__init__()
        self._load = load

    def answer(self, transport: asyncio.WriteTransport, head: bytes, request: bytearray) -> None:
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        body = request[len(head) + 4 :]
        answer = self._filter(json.loads(body)) if method == "POST" else self._read(target)
        transport.write(_response(answer))

    def _read(self, target: str) -> bytes:
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if "list-type" in query:
            return self._list(query)
        key = unquote(parts.path).removeprefix(f"/{BUCKET}/")
        number = _SUFFIX.search(key)
        assert number is not None
        return self._load.object(_hour_in(key), int(number[1], 16))

    def _list(self, query: dict[str, str]) -> bytes:
        """Return a page of the objects of an hour. Their sizes are about what they are."""
        hour, first = _hour_in(query["prefix"]), int(query.get("continuation-token", "0"))
        last = min(first + _PAGE_OBJECTS, self._load.objects)
        modified = datetime.fromtimestamp(hour + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        size = self._load.size.per_object * self._load.size.record_bytes // 3
        items = "".join(
            f"<Contents><Key>{self._load.key(hour, number)}</Key>"
            f"<LastModified>{modified}</LastModified><ETag>&quot;{number:032x}&quot;</ETag>"
            f"<Size>{size}</Size></Contents>"
            for number in range(first, last)
        )
        more = last < self._load.objects
        token = f"<NextContinuationToken>{last}</NextContinuationToken>" if more else ""
        return (
            f"<ListBucketResult><Name>{BUCKET}</Name><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{items}{token}</ListBucketResult>"
        ).encode()

    def _filter(self, request: dict[str, object]) -> bytes:
        """Return a page of 1 MB of events, or the rest; the token is the time and number of the
        call after them."""
        since, until = (int(str(request[name])) for name in ("startTime", "endTime"))
        token = str(request.get("nextToken", ""))
        position = tuple(map(int, token.split("/"))) if token else (0, 0)
        audit = request["logGroupName"] == AUDIT_GROUP
        render = self._load.audit_event if audit else self._load.log_event
        events, length, following = list[str](), 0, ""
        begin = self._load.at_ms(*position) if token else since - DELAY_MS
        for hour, number in self._load.calls(begin, until + 1 - DELAY_MS):
            if (hour, number) < position:
                continue
            if length >= _PAGE_BYTES:
                following = f',"nextToken":"{hour}/{number}"'
                break
            events.append(render(hour, number))
            length += len(events[-1])
        return f'{{"events":[{",".join(events)}],"searchedLogStreams":[]{following}}}'.encode()


def _hour_in(key: str) -> int:
    hour = _HOUR.search(key)
    assert hour is not None
    return int(datetime.strptime(hour[1], "%Y/%m/%d/%H").replace(tzinfo=UTC).timestamp())


def _response(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n"
        f'ETag: "0"\r\nContent-Length: {len(body)}\r\n\r\n'
    )
    return head.encode() + body


async def _serve(load: HourLoad) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Service(load), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(HourLoad(LoadSize(*map(int, sys.argv[1:])))))
