"""Bedrock's frames become Anthropic's events: the same whatever the cut, and never a half one."""

import json
from base64 import b64encode
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.eventstream import Decoder
from gateway.message_stream import MessageStream
from gateway.usage import Usage
from local.bedrock import frames


def _compact(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 7}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "olá ☃"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}},
    {"type": "message_stop"},
]
METRICS = {"inputTokenCount": 7, "outputTokenCount": 3}
SENT = [*EVENTS[:-1], {**EVENTS[-1], "amazon-bedrock-invocationMetrics": METRICS}]
STREAM = b"".join(frames.chunk(_compact(event)) for event in SENT)
EXPECTED = b"".join(
    b"event: %b\ndata: %b\n\n" % (event["type"].encode(), _compact(event)) for event in EVENTS
)


def _translate(*pieces: bytes) -> tuple[MessageStream, bytes]:
    stream = MessageStream()
    sent = b"".join(stream.feed(piece) for piece in pieces)
    stream.end()
    return stream, sent


@given(st.lists(st.integers(0, len(STREAM))))
def test_the_events_are_the_same_wherever_the_bytes_are_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(edges)]
    stream, sent = _translate(*pieces)
    assert sent == EXPECTED
    assert stream.complete
    assert stream.error is None
    assert stream.usage == Usage(input_tokens=7, output_tokens=3)


@given(st.integers(0, len(STREAM) - 1))
def test_a_stream_that_is_cut_ends_in_an_error_after_complete_events(end: int) -> None:
    stream, sent = _translate(STREAM[:end])
    assert EXPECTED.startswith(sent)
    assert sent == b"" or sent.endswith(b"\n\n")
    assert stream.error is not None
    assert stream.error.type == "api_error"


@pytest.mark.parametrize(
    ("exception", "kind"),
    [
        ("throttlingException", "rate_limit_error"),
        ("internalServerException", "api_error"),
        ("modelStreamErrorException", "api_error"),
        ("modelTimeoutException", "timeout_error"),
        ("serviceUnavailableException", "overloaded_error"),
        ("validationException", "invalid_request_error"),
    ],
)
def test_an_exception_frame_stops_the_stream_with_its_error(exception: str, kind: str) -> None:
    first = frames.chunk(_compact(EVENTS[0]))
    failure = frames.exception(exception, {"message": "arn:aws:iam::123456789012:role/x"})
    stream, sent = _translate(first + failure + first)
    assert sent.count(b"event: ") == 1
    assert stream.error is not None
    assert stream.error.type == kind
    assert "123456789012" not in stream.error.message


def test_events_before_a_damaged_frame_are_sent_and_then_the_stream_stops() -> None:
    complete = b"".join(frames.chunk(_compact(event)) for event in EVENTS[:-1])
    stream, sent = _translate(complete + complete[:-1] + b"x" + STREAM)
    assert EXPECTED.startswith(sent[:100])
    assert sent.count(b"event: ") == 2 * len(EVENTS[:-1]) - 1
    assert stream.error is not None
    assert stream.error.type == "api_error"


def test_a_damaged_frame_stops_the_stream() -> None:
    stream, _ = _translate(frames.chunk(b'{"type":"ping"}')[:-1] + b"x")
    assert stream.error is not None
    assert stream.error.type == "api_error"


@pytest.mark.parametrize("payload", [b"[]", b'{"bytes":"%%%"}', b'{"bytes":1}', b"{}", b"\xff"])
def test_a_chunk_that_cannot_be_read_stops_the_stream(payload: bytes) -> None:
    headers = frames.encode_headers(event_type="chunk", message_type="event")
    stream, sent = _translate(frames.encode(headers, payload))
    assert sent == b""
    assert stream.error is not None


def test_events_that_are_new_or_spaced_pass_and_stay_on_one_line() -> None:
    _, sent = _translate(frames.chunk(b'{ "type": "novelty",\n "x": [1, 2] }') + STREAM)
    name, data = sent.split(b"\n")[:2]
    assert name == b"event: novelty"
    assert json.loads(data.removeprefix(b"data: ")) == {"type": "novelty", "x": [1, 2]}


INNER = st.sampled_from(
    [
        b'{"type":"content_block_delta","x":1}', b'{"type":"ping"}', b'{"type":"novelty"}',
        b'{"type":"ping",\n"x":1}', b'{"type":"ping",\r"x":1}', b'{"type":"ping', b'{"type":7}',
        b'{ "type":"ping"}', b'{"x":1}', b"[1]", b"",
    ]
)  # fmt: skip
PAYLOAD = st.one_of(
    INNER.map(lambda data: b'{"bytes":"%b","p":"ab"}' % b64encode(data)),
    INNER.map(lambda data: b'{ "p":"ab", "bytes":"%b"}' % b64encode(data)),
    st.sampled_from([b'{"bytes":"%%%"}', b'{"bytes":"e30', b'{"bytes":"e3"}', b"{}", b""]),
)
KIND = st.sampled_from([("chunk", "event"), ("chunk", "event"), ("other", "event"), ("chunk", "")])


def _slowly(stream: bytes) -> tuple[bytes, str]:
    """Every frame by the long way: what was sent, and the cause of the error."""
    by_frame, sent = MessageStream(), []
    for headers, payload in Decoder().feed(stream):
        sent.append(by_frame._translate(headers, payload))
        if by_frame.error is not None:
            break
    return b"".join(sent), by_frame.error.cause if by_frame.error else ""


@given(st.lists(st.tuples(KIND, PAYLOAD), max_size=8))
def test_the_short_way_gives_what_the_long_way_does(
    parts: list[tuple[tuple[str, str], bytes]],
) -> None:
    events = [
        frames.encode(frames.encode_headers(event_type=event, message_type=kind), payload)
        for (event, kind), payload in parts
    ]
    stream = MessageStream()
    sent = stream.feed(b"".join(events))
    cause = stream.error.cause if stream.error else ""
    assert (sent, cause) == _slowly(b"".join(events))


def test_nothing_follows_an_error() -> None:
    stream, _ = _translate(frames.exception("throttlingException", {}))
    assert stream.feed(STREAM) == b""


def test_frames_of_other_kinds_and_events_without_a_type_are_left_out() -> None:
    other = frames.encode(frames.encode_headers(event_type="x", message_type="event"), b"{}")
    _, sent = _translate(other + frames.chunk(b'{"a":1}') + STREAM)
    assert sent == EXPECTED


@pytest.mark.parametrize(
    ("kind", "status"),
    [("overloaded_error", 529), ("rate_limit_error", 429), ("invalid_request_error", 400),
     ("api_error", 500), ("new_error", 500)],
)  # fmt: skip
def test_an_error_event_inside_a_chunk_is_the_end(kind: str, status: int) -> None:
    content = {"type": "error", "error": {"type": kind, "message": "of arn:aws:iam::1:role/x"}}
    start = frames.chunk(_compact(EVENTS[0]))
    stream, sent = _translate(start + frames.chunk(_compact(content)) + start)
    stream.end()
    assert sent.count(b"event: ") == 1
    assert stream.error is not None
    assert (stream.error.status, stream.error.cause) == (status, kind)
    assert stream.error.message == "of [redacted]"


@pytest.mark.parametrize(
    "behind",
    [
        frames.exception("internalServerException", {"message": "late"}),
        frames.chunk(b'{"type":"error","error":{"type":"api_error","message":"late"}}'),
        frames.chunk(b"no json"),
        b"\0" * 12,
        STREAM[:20],
    ],
)
def test_nothing_takes_a_complete_message_back(behind: bytes) -> None:
    for pieces in ((STREAM + behind,), (STREAM, behind)):
        stream, sent = _translate(*pieces)
        stream.end()
        assert (sent, stream.complete, stream.error) == (EXPECTED, True, None)
