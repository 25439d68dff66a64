"""A stand-in for bedrock-runtime that answers canned bytes, as fast as asyncio lets it.

`python -m benchmarks.upstream EVENTS PACE [CERTIFICATE]` prints its port. `EVENTS` is how many a
stream has, `PACE` the milliseconds between two of them, 0 for a burst; `CERTIFICATE`, a PEM file
with key and chain, makes it speak TLS. It reads a request's path and length, and nothing else;
each request of the Messages path is for a stream.
"""

import asyncio
import ssl
import sys
from collections.abc import Mapping

from benchmarks import fixtures
from benchmarks.fixtures import Operation

_LENGTH = b"\r\ncontent-length:"
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n"
    b"x-amzn-RequestId: 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\r\n"
)
_FRAMES = b"application/vnd.amazon.eventstream"
_TOKENS = (
    b"X-Amzn-Bedrock-Input-Token-Count: 260\r\nX-Amzn-Bedrock-Output-Token-Count: 190\r\n"
    b"X-Amzn-Bedrock-Invocation-Latency: 9120\r\n"
)


def json_response(operation: Operation) -> bytes:
    """Return the whole HTTP response to a call that is answered in one piece."""
    return _whole(_TOKENS, operation.reply)


def _whole(headers: bytes, body: bytes) -> bytes:
    head = _HEAD % b"application/json" + headers
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _chunked(content_type: bytes, chunks: list[bytes]) -> list[bytes]:
    """Return the head and each event's chunk; the last one ends the response."""
    head = _HEAD % content_type + b"Transfer-Encoding: chunked\r\n\r\n"
    return [head, *chunks[:-1], chunks[-1] + b"0\r\n\r\n"]


class RequestReader(asyncio.Protocol):
    """Has `answer` called for each request on a connection, once it is there as a whole."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def answer(self, transport: asyncio.WriteTransport, head: bytes, request: bytearray) -> None:
        """Write the response. `head` is what `request` begins with, without the empty line."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(b"\r\n\r\n")
        if head_end < 0 or self._transport is None:
            return
        head = bytes(self._received[:head_end])
        if len(self._received) >= head_end + 4 + content_length(head):
            request, self._received = self._received, bytearray()
            self.answer(self._transport, head, request)


class _Peer(RequestReader):
    def __init__(self, pace: float, responses: Mapping[bytes, list[bytes]]) -> None:
        super().__init__()
        self._pace = pace
        self._responses = responses

    def answer(self, transport: asyncio.WriteTransport, head: bytes, request: bytearray) -> None:
        del request  # its body changes nothing
        response = self._responses[head.split(b" ", 2)[1].rpartition(b"/")[2]]
        if self._pace:
            self._writing = asyncio.create_task(_write_paced(transport, response, self._pace))
        else:
            transport.write(b"".join(response))


async def _write_paced(
    transport: asyncio.WriteTransport, pieces: list[bytes], seconds: float
) -> None:
    """Each piece leaves by itself: no two of them are closer than that, however busy it is."""
    for piece in pieces:
        transport.write(piece)
        await asyncio.sleep(seconds)


def content_length(head: bytes) -> int:
    """Return what the head of a request says of its body."""
    _, separator, rest = head.lower().partition(_LENGTH)
    return int(rest.split(b"\r\n", 1)[0]) if separator else 0


async def _serve(events: int, pace: float, certificate: str | None) -> None:
    responses = {
        b"invoke": [json_response(fixtures.json_call())],
        b"invoke-with-response-stream": _chunked(_FRAMES, fixtures.http_chunks(events)),
        b"converse": [_whole(b"", fixtures.converse_reply())],
        b"converse-stream": _chunked(_FRAMES, fixtures.converse_chunks(events)),
        b"messages": _chunked(b"text/event-stream", fixtures.message_chunks(events)),
    }
    tls = None
    if certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Peer(pace, responses), "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    certificate = sys.argv[3] if len(sys.argv) > 3 else None
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]) / 1000, certificate))
