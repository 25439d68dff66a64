"""Stage blocks that together hold every two values of every two keys that the settings accept
together: https://en.wikipedia.org/wiki/All-pairs_testing"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from stacks.settings import SettingsError, load_stage
from tests.infrastructure.variants import PLAIN, STAGE, VALUES
from tools.stage_blocks import ABSENT, Block, nested

# As far as two values can depend on each other, more of these say nothing new.
MOST_VALUES: Final = 3


class Choice(NamedTuple):
    """One value of a key, by its place among the key's values."""

    key: str
    number: int

    @property
    def changes(self) -> Block:
        return VALUES[self.key][self.number]


Pair = frozenset[Choice]


class Pairs(NamedTuple):
    """`blocks` hold all pairs but the `refused` ones, which the settings refuse with a sentence."""

    blocks: Sequence[Block]
    covered: set[Pair]
    refused: Mapping[Pair, str]


def cover() -> Pairs:
    """Blocks that hold each accepted pair at least once; greedy, and the same at each run."""
    refused: dict[Pair, str] = {}
    open_pairs: dict[Pair, None] = {}
    for pair in _pairs():
        refusal = _refusal(pair)
        if refusal is None:
            open_pairs[pair] = None
        else:
            refused[pair] = refusal
    covered, blocks = set(open_pairs), []
    while open_pairs:
        row = _row(open_pairs)
        for two in itertools.combinations(row, 2):
            open_pairs.pop(frozenset(two), None)
        blocks.append(_block(row))
    return Pairs(blocks, covered, refused)


def _pairs() -> Iterator[Pair]:
    for first, other in itertools.combinations(VALUES, 2):
        for pair in itertools.product(_choices(first), _choices(other)):
            yield frozenset(pair)


def _choices(key: str) -> list[Choice]:
    return [Choice(key, number) for number in range(min(len(VALUES[key]), MOST_VALUES))]


def _row(open_pairs: Mapping[Pair, None]) -> list[Choice]:
    """The first open pair, and of each other key the value that closes most pairs beside it."""
    row = sorted(next(iter(open_pairs)))
    for key in VALUES:
        if key in {choice.key for choice in row}:
            continue
        best = sorted(_choices(key), key=lambda choice: -_closed(choice, row, open_pairs))
        row += next(([choice] for choice in best if _refusal([*row, choice]) is None), [])
    return row


def _closed(choice: Choice, row: Sequence[Choice], open_pairs: Mapping[Pair, None]) -> int:
    return sum(frozenset((choice, other)) in open_pairs for other in row)


def _refusal(choices: Sequence[Choice] | Pair) -> str | None:
    """Why the values cannot stand in one block; None if they can."""
    values: dict[str, object] = {}
    for choice in choices:
        for key, value in choice.changes.items():
            if values.setdefault(key, value) != value:
                return f"two values of {key}"
    try:
        load_stage({STAGE: nested(_block(choices))}, STAGE)
    except SettingsError as error:
        return str(error)
    return None


def _block(choices: Sequence[Choice] | Pair) -> Block:
    changes: dict[str, object] = {}
    for choice in sorted(choices):
        changes |= choice.changes
    return {key: value for key, value in {**PLAIN, **changes}.items() if value is not ABSENT}
