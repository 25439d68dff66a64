"""The faults between the function and the model, one entry each."""

import random
import socket
import ssl
from collections.abc import Callable
from struct import pack
from typing import NamedTuple
from zlib import crc32

import trustme

from local.bedrock import frames
from local.bedrock.directives import HTTP_FAULTS, STREAM_EXCEPTIONS
from tools.load.faults.proxy import (
    END,
    Answering,
    Greeting,
    Proxy,
    Reply,
    Wire,
    chunk,
    honest,
    reset,
)

NOISE = random.Random(7).randbytes(600)  # noqa: S311 - the same noise in every run
HTML = b"<html><body>Welcome to the hotel</body></html>"
_SECONDS = 0.8  # for an answer that will not come
_MiB = 1 << 20


class Fault(NamedTuple):
    """`name` is docs/faults.md's. What happens: `before` the request is made, in place of the TLS
    handshake, or in place of Bedrock's answer; or what the `prompt` asks of Bedrock itself.
    `nameless`: Bedrock's name leads nowhere."""

    name: str
    answering: Answering | None = None
    greeting: Greeting | None = None
    before: Callable[[Proxy], None] | None = None
    prompt: str = "hello"
    seconds: float = 10.0
    streams_only: bool = False
    retries_itself: bool = True
    nameless: bool = False

    def meets(self, *, streamed: bool) -> bool:
        return streamed or not self.streams_only


def _begun(wire: Wire, reply: Reply) -> list[bytes]:
    """Send the head and the beginning of the body; what is left of it."""
    if reply.streamed:
        wire.send(reply.head())
        wire.send_chunks(b"".join(reply.parts[:2]))
        return reply.parts[2:]
    (body,) = reply.parts
    wire.send(reply.head(length=len(body)), body[:20])
    return [body[20:]]


# --- the connection


def _never_shakes_hands(plain: socket.socket) -> None:
    plain.settimeout(20)
    while plain.recv(65_536):
        pass


def _speaks_no_tls(plain: socket.socket) -> None:
    plain.recv(65_536)
    plain.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _resets_the_handshake(plain: socket.socket) -> None:
    plain.recv(65_536)
    reset(plain)


def _shows_a_strangers_certificate(plain: socket.socket) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    context.wrap_socket(plain, server_side=True).close()


# --- the head


def never_answers(wire: Wire, _reply: Reply) -> None:
    wire.hang()


def _drips_the_head(wire: Wire, reply: Reply) -> None:
    wire.drip(reply.head() * 20)


def _closes(wire: Wire, _reply: Reply) -> None:
    wire.close()


def _resets(wire: Wire, _reply: Reply) -> None:
    wire.reset()


def _answers_noise(wire: Wire, _reply: Reply) -> None:
    wire.send(NOISE + b"\r\n\r\n")


def _never_ends_its_head(wire: Wire, _reply: Reply) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\n")
    wire.pour(b"x-more: and more\r\n" * 1000)


def _answers_html(wire: Wire, reply: Reply) -> None:
    html = reply._replace(fields=[("Content-Type", "text/html")])
    wire.send(html.head(length=len(HTML)) + HTML)


# --- the body


def _resets_the_body(wire: Wire, reply: Reply) -> None:
    _begun(wire, reply)
    wire.reset()


def _closes_in_the_body(wire: Wire, reply: Reply) -> None:
    rest = _begun(wire, reply)
    if reply.streamed:
        wire.send(b"ffff\r\n" + rest[0])
    wire.close()


def _ends_in_a_frame(wire: Wire, reply: Reply) -> None:
    rest = _begun(wire, reply)
    wire.send_chunks(rest[0][:-9])
    wire.send(END)


def _ends_too_early(wire: Wire, reply: Reply) -> None:
    _begun(wire, reply)
    wire.send(END)


def stalls(wire: Wire, reply: Reply) -> None:
    _begun(wire, reply)
    wire.hang()


def _drips_the_body(wire: Wire, reply: Reply) -> None:
    rest = b"".join(_begun(wire, reply))
    for at in range(len(rest)):
        wire.send(chunk(rest[at : at + 1]) if reply.streamed else rest[at : at + 1])


def _never_ends(wire: Wire, reply: Reply) -> None:
    if reply.streamed:
        rest = _begun(wire, reply)
        while True:
            wire.send_chunks(rest[0])
    wire.send(reply.head())
    wire.pour(chunk(b"{" * _MiB))


def _stays_open(wire: Wire, reply: Reply) -> None:
    wire.send(reply.head())
    wire.send_chunks(*reply.parts)
    wire.hang()


def _resets_after_the_message(wire: Wire, reply: Reply) -> None:
    wire.send(reply.head())
    wire.send_chunks(*reply.parts)
    wire.reset()


def _puts_noise_into_the_body(wire: Wire, reply: Reply) -> None:
    if reply.streamed:
        _begun(wire, reply)
        wire.send_chunks(NOISE)
    else:
        wire.send(reply.head(length=len(NOISE)) + NOISE)


def _damages_a_frame(wire: Wire, reply: Reply) -> None:
    intact, damaged = b"".join(reply.parts[:2]), bytearray(reply.parts[2])
    damaged[-6] ^= 1
    wire.send(reply.head())
    wire.send_chunks(intact + damaged)


def _announces_a_frame(length: int, headers: int) -> Answering:
    lengths = pack(">II", length, headers)

    def answering(wire: Wire, reply: Reply) -> None:
        _begun(wire, reply)
        wire.send_chunks(lengths + pack(">I", crc32(lengths)) + NOISE)

    return answering


def _announces_a_chunk(wire: Wire, reply: Reply) -> None:
    if reply.streamed:
        _begun(wire, reply)
    else:
        wire.send(reply.head())
    wire.send(b"ffffffff\r\n" + NOISE)


def _breaks_the_chunks(wire: Wire, reply: Reply) -> None:
    if reply.streamed:
        _begun(wire, reply)
    else:
        wire.send(reply.head())
    wire.send(b"5\r\n0123456789\r\n")


# --- the stream


def _exception(name: str, after: int) -> Answering:
    def answering(wire: Wire, reply: Reply) -> None:
        frame = frames.exception(name, {"message": "told by arn:aws:iam::123456789012:role/x"})
        wire.send(reply.head())
        wire.send_chunks(b"".join(reply.parts[:after]) + frame)
        wire.send(END)

    return answering


def _error_frame(wire: Wire, reply: Reply) -> None:
    headers = frames.encode_headers(
        message_type="error", error_code="InternalFailure", error_message="told"
    )
    wire.send(reply.head())
    wire.send_chunks(b"".join(reply.parts[:2]) + frames.encode(headers, b""))
    wire.send(END)


# --- what Bedrock says


def turns_away(status: int, name: str, times: int) -> Answering:
    """So many requests, from the one on that meets it first."""

    def answering(wire: Wire, reply: Reply) -> None:
        if wire.request > times:
            honest(wire, reply)
            return
        fields = [("x-amzn-errortype", name), ("x-amzn-requestid", "refused-1")]
        refused = Reply(status, fields, [b'{"message":"not now"}'], streamed=False)
        honest(wire, refused)

    return answering


_CONNECTION = (
    Fault("the name is not known", nameless=True),
    Fault("nobody listens", before=Proxy.stop_listening),
    Fault("the TLS handshake is never answered", greeting=_never_shakes_hands, seconds=_SECONDS),
    Fault("what answers does not speak TLS", greeting=_speaks_no_tls),
    Fault("the TLS handshake is reset", greeting=_resets_the_handshake),
    Fault("the certificate is a stranger's", greeting=_shows_a_strangers_certificate),
    Fault("the idle connection has been closed", before=Proxy.hang_up),
)
_HEAD = (
    Fault("no answer comes", never_answers, seconds=_SECONDS),
    Fault("the head drips, byte by byte", _drips_the_head, seconds=_SECONDS),
    Fault("the connection is closed before an answer", _closes),
    Fault("the connection is reset before an answer", _resets),
    Fault("the answer is noise", _answers_noise),
    Fault("the head never ends", _never_ends_its_head),
    Fault("the answer is a page of HTML, with 200", _answers_html),
)
_BODY = (
    Fault("the connection is reset in the body", _resets_the_body),
    Fault("the connection is closed in the body", _closes_in_the_body),
    Fault("the stream ends in the middle of a frame", _ends_in_a_frame, streams_only=True),
    Fault("the stream ends before its message", _ends_too_early, streams_only=True),
    Fault("silence falls after the first bytes", stalls, seconds=_SECONDS),
    Fault("the body drips, byte by byte", _drips_the_body, seconds=_SECONDS),
    Fault("the answer never ends", _never_ends, seconds=_SECONDS),
    Fault("the message is whole, and the answer does not end", _stays_open,
          seconds=2.2),
    Fault("the message is whole, and the connection is reset", _resets_after_the_message,
          streams_only=True),
    Fault("noise stands in the body", _puts_noise_into_the_body),
    Fault("a frame's checksum is wrong", _damages_a_frame, streams_only=True),
    Fault("a frame of 25 MiB is announced", _announces_a_frame(25 * _MiB, 64), streams_only=True),
    Fault("a frame's headers are longer than it", _announces_a_frame(64, 128), streams_only=True),
    Fault("a chunk of 4 GiB is announced", _announces_a_chunk),
    Fault("a chunk is longer than it says", _breaks_the_chunks),
)  # fmt: skip
_STREAM = (
    *(
        Fault(f"`{name}` after the first events", _exception(name, after=2), streams_only=True)
        for name in STREAM_EXCEPTIONS
    ),
    Fault("an exception of no known type", _exception("newException", after=2), streams_only=True),
    Fault("an error frame, of no modeled type", _error_frame, streams_only=True),
    Fault("`throttlingException` is the first frame", _exception("throttlingException", after=0),
          streams_only=True),
)  # fmt: skip
_REFUSALS = (
    *(Fault(f"`{kind}`", prompt=f"[[fault: {name}]]") for name, (kind, _) in HTTP_FAULTS.items()),
    Fault("`ThrottlingException` once, to a client that does not try again",
          turns_away(429, "ThrottlingException", times=1), retries_itself=False),
    Fault("`ServiceUnavailableException` once, to the same",
          turns_away(503, "ServiceUnavailableException", times=1), retries_itself=False),
)  # fmt: skip

FAULTS = {
    "Connection": _CONNECTION,
    "Head of the answer": _HEAD,
    "Body of the answer": _BODY,
    "Exceptions in a stream": _STREAM,
    "Refusals": _REFUSALS,
}
