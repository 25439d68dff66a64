"""A stream is as fast as AWS lets it be."""

import pytest

from local.api_gateway.pace import (
    BYTES_A_SECOND,
    FREE_BYTES,
    LARGEST_STREAM_BYTES,
    Pace,
    StreamTooLargeError,
)


def test_the_first_bytes_are_free_and_the_rest_are_paced() -> None:
    pace = Pace()

    assert pace.wait_seconds(FREE_BYTES, 0.0) == 0
    assert pace.wait_seconds(BYTES_A_SECOND, 0.0) == 0
    assert pace.wait_seconds(BYTES_A_SECOND, 0.25) == 0.75
    assert pace.wait_seconds(1, 2.5) == 0


def test_only_what_is_over_the_free_bytes_takes_time() -> None:
    pace = Pace()

    assert pace.wait_seconds(FREE_BYTES + BYTES_A_SECOND // 2, 0.0) == 0
    assert pace.wait_seconds(1, 0.0) == 0.5


def test_a_stream_ends_at_its_largest() -> None:
    pace = Pace()
    pace.wait_seconds(LARGEST_STREAM_BYTES, 0.0)

    with pytest.raises(StreamTooLargeError):
        pace.wait_seconds(1, 1000.0)
