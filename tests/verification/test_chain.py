"""A change of any byte of evidence is seen, at the entry where it is."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.verification.hash_chain import BEGINNING, BrokenChainError, chained, check

ENTRIES: list[dict[str, Any]] = [
    {"kind": "run", "by": "Jörg", "count": 2},
    {"kind": "finding", "n": 1.5},
    {"kind": "x"},
]
LINES = list(chained(ENTRIES))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def broken_at(lines: Sequence[bytes], previous: str | None = None) -> int:
    with pytest.raises(BrokenChainError) as broken:
        check(b"".join(lines).splitlines(keepends=True), previous)
    return broken.value.entry


@given(st.lists(st.dictionaries(st.sampled_from("abc"), JSON)))
def test_what_was_written_holds(entries: list[dict[str, Any]]) -> None:
    lines = list(chained(entries))
    assert len(lines) == len(entries) + 1
    assert check(lines, BEGINNING) == json.loads(lines[-1])["sha256"]


@given(st.integers(0, len(b"".join(LINES)) - 1), st.integers(1, 255))
def test_a_flip_of_any_byte_is_seen_where_it_is(offset: int, flip: int) -> None:
    complete = bytearray(b"".join(LINES))
    complete[offset] ^= flip
    before = bytes(complete[:offset]).count(b"\n")
    assert broken_at([bytes(complete)]) == 1 + before


def test_every_single_bit_counts() -> None:
    complete = b"".join(LINES)
    for location in range(len(complete)):
        for bit in range(8):
            changed = bytearray(complete)
            changed[location] ^= 1 << bit
            assert broken_at([bytes(changed)]) == 1 + complete[:location].count(b"\n")


@pytest.mark.parametrize("number", range(len(LINES)))
def test_an_entry_taken_away_or_repeated_is_seen(number: int) -> None:
    assert broken_at(LINES[:number] + LINES[number + 1 :]) == number + 1
    assert broken_at([*LINES[: number + 1], *LINES[number:]]) == number + 2


def test_nothing_stands_after_the_end() -> None:
    assert broken_at(list(chained([{"kind": "end"}]))) == 2


def test_an_entry_made_anew_is_seen_by_the_next() -> None:
    forged = list(chained([{"kind": "run", "by": "somebody"}, *ENTRIES[1:]]))
    assert broken_at([forged[0], *LINES[1:]]) == 2


def test_a_file_made_anew_is_seen_by_the_next_file() -> None:
    forged = check(list(chained(ENTRIES[:1])))
    after = list(chained(ENTRIES, check(LINES)))
    assert check(after, check(LINES))
    assert broken_at(after, forged) == 1
