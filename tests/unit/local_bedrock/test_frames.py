"""Frames are decoded by botocore's own decoder, however they arrive."""

import json
from base64 import b64decode
from typing import Any

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from local.bedrock import frames


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.integers(1, 40))
def test_botocore_reads_back_what_was_sent(events: list[bytes], step: int) -> None:
    wire = b"".join(frames.chunk(event) for event in events)
    buffer, read = EventStreamBuffer(), []
    for start in range(0, len(wire), step):
        buffer.add_data(wire[start : start + step])
        read += list(buffer)
    assert [b64decode(json.loads(message.payload)["bytes"]) for message in read] == events
    headers: object = read[0].headers
    assert headers == {
        ":event-type": "chunk",
        ":content-type": "application/json",
        ":message-type": "event",
    }


def decoded(frame: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    buffer = EventStreamBuffer()
    buffer.add_data(frame)
    message = next(buffer)
    headers: Any = message.headers
    return headers, json.loads(message.payload)


def test_the_padding_is_there_and_varies() -> None:
    paddings = {decoded(frames.chunk(event))[1]["p"] for event in (b"one", b"two", b"three")}
    assert len(paddings) == 3


def test_an_exception_frame_names_its_type() -> None:
    headers, payload = decoded(frames.exception("throttlingException", {"message": "slow down"}))
    assert headers[":message-type"] == "exception"
    assert headers[":exception-type"] == "throttlingException"
    assert payload == {"message": "slow down"}


def test_a_changed_byte_is_noticed() -> None:
    frame = bytearray(frames.chunk(b'{"type":"message_stop"}'))
    frame[-6] ^= 1
    buffer = EventStreamBuffer()
    buffer.add_data(bytes(frame))
    with pytest.raises(ChecksumMismatch):
        next(buffer)
