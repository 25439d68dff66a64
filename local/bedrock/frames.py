"""The event-stream encoding: how one event becomes one binary frame.

Layout: total length, header length, CRC of those eight bytes, headers, payload, CRC of all of it.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html prints the format.
"""

import json
import struct
from base64 import b64encode
from collections.abc import Mapping
from zlib import crc32

_STRING = 7
_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def encode(headers: bytes, payload: bytes) -> bytes:
    """Return one frame around already encoded headers and a payload."""
    # 16 bytes are not headers or payload: two lengths, two checksums of four bytes each.
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    prelude = lengths + struct.pack(">I", crc32(lengths))
    # The second checksum covers the first one too, so a reader can go through the frame once.
    checksum = crc32(payload, crc32(headers, crc32(prelude)))
    return b"".join((prelude, headers, payload, struct.pack(">I", checksum)))


def encode_headers(**values: str) -> bytes:
    """String headers, named as on the wire but without the leading colon and with `_` for `-`."""
    return b"".join(
        _header(f":{name.replace('_', '-')}".encode(), value.encode())
        for name, value in values.items()
    )


def _header(name: bytes, value: bytes) -> bytes:
    # The length of a name is one byte, that of a string value two:
    # https://smithy.io/2.0/aws/amazon-eventstream.html
    return bytes((len(name),)) + name + struct.pack(">BH", _STRING, len(value)) + value


_CHUNK = encode_headers(event_type="chunk", content_type="application/json", message_type="event")


def chunk(event: bytes) -> bytes:
    """Return the frame that carries one Anthropic stream event, with padding `p` as Bedrock adds
    it."""
    return encode(_CHUNK, b'{"bytes":"%s","p":"%s"}' % (b64encode(event), _padding(event)))


def event(name: str, fields: bytes) -> bytes:
    """Return the frame of an event that has a type of its own, e.g. `messageStart`; `fields` is a
    JSON object with at least one member, and is padded likewise."""
    headers = encode_headers(event_type=name, content_type="application/json", message_type="event")
    return encode(headers, b'%s,"p":"%s"}' % (fields[:-1], _padding(fields)))


def _padding(payload: bytes) -> bytes:
    return _PADDING[: crc32(payload) % len(_PADDING)].encode()


def exception(name: str, fields: Mapping[str, str | int]) -> bytes:
    """Return the frame that reports a failure after the stream has begun, e.g.
    `throttlingException`."""
    # A failure is a message type of its own, so a reader need not know all event types.
    headers = encode_headers(
        exception_type=name, content_type="application/json", message_type="exception"
    )
    return encode(headers, json.dumps(dict(fields)).encode())
