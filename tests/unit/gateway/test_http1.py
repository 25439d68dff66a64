"""A response is the same however the network cuts it, and what is no HTTP is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http1 import ProtocolError, ResponseReader

CHUNKED = (
    b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nx-a: 2\r\n\r\n"
    b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n"
)
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world"


def _read(pieces: list[bytes]) -> tuple[ResponseReader, bytes]:
    reader = ResponseReader()
    return reader, b"".join(reader.feed(piece) for piece in pieces)


def _cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@given(st.sampled_from([CHUNKED, SIZED]), st.lists(st.integers(0, 200)))
def test_the_body_is_the_same_wherever_the_bytes_are_cut(response: bytes, cuts: list[int]) -> None:
    reader, body = _read(_cut(response, cuts))
    assert body == b"hello world"
    assert reader.complete
    assert reader.reusable


def test_interim_responses_are_skipped_and_repeated_headers_joined() -> None:
    reader, _ = _read([CHUNKED])
    assert reader.head is not None
    assert reader.head.status == 200
    assert reader.head.headers["x-a"] == "1, 2"


@pytest.mark.parametrize("response", [CHUNKED, SIZED])
def test_a_response_that_stops_early_is_an_error(response: bytes) -> None:
    for end in range(len(response) - 1):
        reader, _ = _read([response[:end]])
        with pytest.raises(ProtocolError):
            reader.end()


@pytest.mark.parametrize("damage", [b"ffffffff\r\n", b"5\r\n0123456789\r\n", b"x\r\n", b"1" * 9000])
def test_chunks_that_were_complete_are_not_lost_to_what_follows(damage: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    reader, body = _read([head + b"5\r\nhello\r\n" + damage])
    assert body == b"hello"
    with pytest.raises(ProtocolError):
        reader.check()
    with pytest.raises(ProtocolError):
        _read([head, damage])


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    reader, body = _read([b"HTTP/1.1 200 OK\r\n\r\nabc"])
    assert not reader.complete
    reader.end()
    assert (body, reader.complete, reader.reusable) == (b"abc", True, False)


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc",
        b"HTTP/1.1 204 No Content\r\n\r\nx",
    ],
)
def test_a_connection_that_is_closing_or_dirty_is_not_reused(response: bytes) -> None:
    reader, _ = _read([response])
    assert reader.complete
    assert not reader.reusable


@pytest.mark.parametrize(
    "response",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 9_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000001\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"x" * 70_000,
        b"x" * 70_000,
    ],
)
def test_what_is_no_http_is_refused(response: bytes) -> None:
    with pytest.raises(ProtocolError):
        _read([response])


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    reader = ResponseReader()
    try:
        reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
        reader.end()
    except ProtocolError:
        return
    assert reader.complete


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.xyz 200 OK\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        HEAD + b"Content-Length : 1\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        HEAD + b"Content-Length: 0x1\r\n\r\n",
        HEAD + b"Content-Length: \r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        HEAD + b"x: a\nb\r\n\r\n",
        HEAD + b" : folded onto nothing\r\n\r\n",
        *(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\nx\r\n0\r\n\r\n"
            for size in (b"0x1", b"+1", b"1_0", b" 1", b"", b"1 1", b"-1", b";x")
        ),
    ],
)
def test_what_only_resembles_http_is_refused(response: bytes) -> None:
    with pytest.raises(ProtocolError):
        _read([response])[0].check()


def test_equal_lengths_count_as_one_and_a_folded_line_goes_on_with_the_one_before() -> None:
    reader, body = _read(
        [HEAD + b"Content-Length: 1\r\nX-A: b\r\n\tc\r\nContent-Length: 1\r\n\r\nz"]
    )
    assert reader.head is not None
    assert (body, reader.complete) == (b"z", True)
    assert reader.head.headers["x-a"] == "b c"


def test_a_connection_of_http_1_0_is_not_used_again() -> None:
    reader, _ = _read([b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nz"])
    assert reader.complete
    assert not reader.reusable


class _Counted(bytes):
    """Bytes that are copied by joining only, once."""

    def __add__(self, other: object) -> bytes:
        raise AssertionError("a large chunk is put together anew with each read")

    __radd__ = __add__


def test_a_large_chunk_is_put_together_once() -> None:
    reader = ResponseReader()
    reader.feed(HEAD + b"Transfer-Encoding: chunked\r\n\r\n180000\r\n")
    for _ in range(0x180):
        assert reader.feed(_Counted(b"x" * 4096)) == b""
        assert len(reader._buffer) < 4096
    assert len(reader.feed(b"\r\n0\r\n\r\n")) == 0x180000
    assert reader.complete
