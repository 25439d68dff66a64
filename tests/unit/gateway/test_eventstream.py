"""The decoder reads what Amazon's framing says, wherever it is cut, and nothing else."""

import struct
from itertools import accumulate, pairwise
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from gateway.eventstream import Decoder, Frame, FrameError, Relay
from local.bedrock import frames

PARTS = (frames.chunk(b'{"type":"a"}'), frames.chunk(b"{}"), frames.exception("x", {"a": 1}))
STREAM = b"".join(PARTS)
ENDS = [*accumulate(len(part) for part in PARTS)]


def _decode(pieces: list[bytes]) -> list[Frame]:
    decoder = Decoder()
    frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    decoder.end()
    return frames


def test_it_agrees_with_botocores_decoder() -> None:
    botocore_buffer = EventStreamBuffer()
    botocore_buffer.add_data(STREAM)
    expected = [event.to_response_dict() for event in botocore_buffer]
    assert [payload for _, payload in _decode([STREAM])] == [
        message["body"] for message in expected
    ]
    assert [headers for headers, _ in _decode([STREAM])] == [
        message["headers"] for message in expected
    ]


@given(st.lists(st.integers(0, len(STREAM))))
def test_frames_are_the_same_wherever_the_bytes_are_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(edges)]
    assert _decode(pieces) == _decode([STREAM])


@pytest.mark.parametrize("change", [1, 128, 255])
def test_no_damaged_byte_passes(change: int) -> None:
    for at in range(len(STREAM)):
        damaged = bytearray(STREAM)
        damaged[at] ^= change
        with pytest.raises(FrameError):
            _decode([bytes(damaged)])
        relay = Relay()
        with pytest.raises(FrameError):
            relay.feed(bytes(damaged))
            relay.check()
            relay.end()


@given(st.integers(0, len(STREAM) - 1), st.integers(1, 255), st.lists(st.integers(0, len(STREAM))))
def test_complete_frames_are_not_lost_to_damage_behind_them(
    at: int, change: int, cuts: list[int]
) -> None:
    """However the bytes are cut, the same frames come before the error, in either reader."""
    damaged = bytearray(STREAM)
    damaged[at] ^= change
    edges = [0, *sorted(cuts), len(STREAM)]
    decoder, relay, frames_read, relayed = Decoder(), Relay(), 0, b""
    with pytest.raises(FrameError):
        for a, b in pairwise(edges):
            frames_read += len(decoder.feed(bytes(damaged[a:b])))
            if decoder.damage is not None:
                raise decoder.damage
        decoder.end()
    with pytest.raises(FrameError):
        for a, b in pairwise(edges):
            relayed += relay.feed(bytes(damaged[a:b]))
            relay.check()
        relay.end()
    before = [end for end in ENDS if end <= at]
    assert frames_read == len(before)
    assert relayed == STREAM[: max(before, default=0)]


def test_a_preludes_checksum_counts_even_where_the_messages_is_right() -> None:
    frame = frames.chunk(b"{}")
    prelude_crc = int.from_bytes(frame[8:12], "big") ^ 1
    message = frame[:8] + prelude_crc.to_bytes(4, "big") + frame[12:-4]
    with pytest.raises(FrameError, match="prelude"):
        _decode([message + crc32(message).to_bytes(4, "big")])


def test_a_stream_that_stops_inside_a_frame_is_an_error() -> None:
    with pytest.raises(FrameError):
        _decode([STREAM[:-1]])


def test_headers_of_every_type_are_stepped_over() -> None:
    others = (
        (b"t", 0, b""), (b"f", 1, b""), (b"y", 2, b"1"), (b"s", 3, b"12"), (b"i", 4, b"1234"),
        (b"l", 5, b"8" * 8), (b"b", 6, b"\0\3abc"), (b"d", 8, b"8" * 8), (b"u", 9, b"6" * 16),
    )  # fmt: skip
    raw = b"".join(bytes([len(name)]) + name + bytes([kind]) + v for name, kind, v in others)
    frame = frames.encode(raw + frames.encode_headers(message_type="event"), b"payload")
    assert _decode([frame]) == [({":message-type": "event"}, b"payload")]


@pytest.mark.parametrize("raw", [b"\1", b"\1a\7\0\5ab", b"\1a\12", b"\1\xff\7\0\1a"])
def test_a_header_that_cannot_be_read_is_an_error(raw: bytes) -> None:
    with pytest.raises(FrameError):
        _decode([frames.encode(raw, b"")])


def test_an_impossible_length_is_refused_before_its_bytes_are_awaited() -> None:
    lengths = struct.pack(">II", 2**31, 0)
    crc = crc32(lengths)
    with pytest.raises(FrameError):
        Decoder().feed(lengths + struct.pack(">I", crc))


def test_a_large_frame_is_put_together_once() -> None:
    frame = frames.chunk(b"x" * 2_000_000)
    relay = Relay()
    for at in range(0, len(frame) - 4096, 4096):
        assert relay.feed(frame[at : at + 4096]) == b""
        assert len(relay._buffer) <= 4096
    assert relay.feed(frame[at + 4096 :] + PARTS[0]) == frame + PARTS[0]
