"""A client's graceful GOAWAY is left out of what the server sees; nothing else is."""

import pytest

from local.bedrock.http2_goaway import PREFACE, GoawayFilter


def frame(kind: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind]) + bytes(5) + payload


SETTINGS = frame(4, b"")
DATA = frame(0, b"x" * 40)
GRACEFUL = frame(7, bytes(8) + b"done")
FAILED = frame(7, bytes(7) + b"\x02")


@pytest.mark.parametrize("size", range(1, 60))
def test_a_graceful_goaway_is_left_out_however_it_is_cut(size: int) -> None:
    sent = PREFACE + SETTINGS + GRACEFUL + DATA + GRACEFUL + SETTINGS
    goaway_filter = GoawayFilter()
    pieces = [sent[at : at + size] for at in range(0, len(sent), size)]

    passed_on = b"".join(goaway_filter.feed(piece) for piece in pieces)

    assert passed_on == PREFACE + SETTINGS + DATA + SETTINGS


def test_a_goaway_with_an_error_is_passed() -> None:
    assert GoawayFilter().feed(PREFACE + FAILED + DATA) == PREFACE + FAILED + DATA


def test_data_is_passed_before_its_frame_is_complete() -> None:
    goaway_filter = GoawayFilter()

    assert goaway_filter.feed(PREFACE + DATA[:20]) == PREFACE + DATA[:20]
    assert goaway_filter.feed(DATA[20:]) == DATA[20:]
