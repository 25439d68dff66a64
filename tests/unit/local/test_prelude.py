"""Where a streamed answer's head ends."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.api_gateway.prelude import END, LARGEST_BYTES, Head, MalformedAnswerError, Prelude

HEAD = json.dumps({"statusCode": 201, "headers": {"Content-Type": "text/plain"}}).encode()
BODY = b"\0\0first\0second" + END + b"third"
ANSWER = HEAD + END + BODY


@pytest.mark.parametrize("cut", range(len(ANSWER) + 1))
def test_head_and_body_are_the_same_wherever_the_answer_is_cut(cut: int) -> None:
    prelude = Prelude()

    body = prelude.feed(ANSWER[:cut]) + prelude.feed(ANSWER[cut:])
    prelude.end()

    assert prelude.head == Head(201, (("content-type", "text/plain"),))
    assert body == BODY


@given(st.lists(st.integers(0, len(ANSWER)), max_size=20))
def test_any_number_of_pieces_gives_the_same(cuts: list[int]) -> None:
    prelude, edges = Prelude(), [0, *sorted(cuts), len(ANSWER)]

    pieces = (ANSWER[a:b] for a, b in pairwise(edges))
    body = b"".join(prelude.feed(piece) for piece in pieces)

    assert prelude.head is not None
    assert body == BODY


@pytest.mark.parametrize("text", [b"", b"no json", b"[]", b'{"statusCode": "x"}', b"\xff"])
def test_a_head_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedAnswerError):
        Prelude().feed(text + END)


def test_a_head_may_fill_16_kb_and_no_more() -> None:
    fits = b'{"statusCode": 200}'.ljust(LARGEST_BYTES - len(END)) + END
    prelude = Prelude()
    prelude.feed(fits)
    assert prelude.head == Head(200, ())

    with pytest.raises(MalformedAnswerError):
        Prelude().feed(b" " + fits)


def test_an_answer_that_ends_within_its_head_is_refused() -> None:
    prelude = Prelude()
    prelude.feed(HEAD + END[:-1])

    with pytest.raises(MalformedAnswerError):
        prelude.end()


def test_multi_value_headers_win_and_cookies_are_headers() -> None:
    prelude = Prelude()
    prelude.feed(
        json.dumps(
            {
                "statusCode": 200,
                "headers": {"X-A": "one", "X-B": "b"},
                "multiValueHeaders": {"x-a": ["1", "2"]},
                "cookies": ["c=1"],
            }
        ).encode()
        + END
    )

    assert prelude.head == Head(
        200, (("x-b", "b"), ("x-a", "1"), ("x-a", "2"), ("set-cookie", "c=1"))
    )
