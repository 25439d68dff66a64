"""Stage blocks that together hold every two values of every two keys that the settings accept
together: https://en.wikipedia.org/wiki/All-pairs_testing"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from random import Random
from typing import Final, NamedTuple

from stacks.settings import SettingsError, load_stage
from tests.infrastructure.variants import PLAIN, STAGE, VALUES
from tools.stage_blocks import ABSENT, Block, nested

# As far as two values can depend on each other, more of these say nothing new.
MOST_VALUES: Final = 3
# More of them make fewer blocks, each of which costs a synthesis.
CANDIDATES: Final = 10


class Choice(NamedTuple):
    """One value of a key, by its place among the key's values."""

    key: str
    number: int

    @property
    def changes(self) -> Block:
        return VALUES[self.key][self.number]


Pair = frozenset[Choice]
Neighbors = Mapping[Choice, set[Choice]]


class Pairs(NamedTuple):
    """`blocks` hold all pairs but the `refused` ones, which the settings refuse with a sentence."""

    blocks: Sequence[Block]
    covered: set[Pair]
    refused: Mapping[Pair, str]


def cover() -> Pairs:
    """Blocks that hold each accepted pair at least once; greedy, and the same at each run."""
    refused, open_pairs = _judged()
    apart, partners = _neighbors(refused), _neighbors(open_pairs)
    covered, blocks, random = set(open_pairs), [], Random(0)  # noqa: S311 - the same at each run
    while open_pairs:
        row = _accepted(_row(next(iter(open_pairs)), apart, partners, random))
        for first, other in itertools.combinations(row, 2):
            open_pairs.pop(frozenset((first, other)), None)
            partners[first].discard(other)
            partners[other].discard(first)
        blocks.append(_block(row))
    return Pairs(blocks, covered, refused)


def _judged() -> tuple[dict[Pair, str], dict[Pair, None]]:
    """The pairs that the settings refuse, with the reason, and those that they accept."""
    reasons = {pair: _refusal(pair) for pair in _pairs()}
    refused = {pair: reason for pair, reason in reasons.items() if reason is not None}
    return refused, {pair: None for pair in reasons if pair not in refused}


def _neighbors(pairs: Iterable[Pair]) -> defaultdict[Choice, set[Choice]]:
    """Of each choice, those that it makes a pair with."""
    neighbors = defaultdict(set)
    for first, other in pairs:
        neighbors[first].add(other)
        neighbors[other].add(first)
    return neighbors


def holds(block: Block, pair: Pair) -> bool:
    """Whether the block has the values of both choices."""
    return all(
        block.get(key, ABSENT) == value for choice in pair for key, value in choice.changes.items()
    )


def _pairs() -> Iterator[Pair]:
    for first, other in itertools.combinations(VALUES, 2):
        for pair in itertools.product(_choices(first), _choices(other)):
            yield frozenset(pair)


def _choices(key: str) -> list[Choice]:
    return [Choice(key, number) for number in range(min(len(VALUES[key]), MOST_VALUES))]


def _row(pair: Pair, apart: Neighbors, partners: Neighbors, random: Random) -> list[Choice]:
    """The pair, and of each other key a value: of some rows, the one that closes most pairs."""
    rows = [_candidate(pair, apart, partners, random) for _ in range(CANDIDATES)]
    return max(rows, key=lambda row: sum(len(partners[choice] & {*row}) for choice in row))


def _candidate(pair: Pair, apart: Neighbors, partners: Neighbors, random: Random) -> list[Choice]:
    """The pair, and of each other key the value that closes most pairs with those before it."""
    row = sorted(pair)
    keys = [key for key in VALUES if key not in {choice.key for choice in row}]
    for key in random.sample(keys, len(keys)):
        choices = [choice for choice in _choices(key) if apart[choice].isdisjoint(row)]
        row += sorted(choices, key=partial(_closed, row, partners))[-1:]
    return row


def _closed(row: Sequence[Choice], partners: Neighbors, choice: Choice) -> tuple[int, int]:
    """How many open pairs the choice makes with the row; at a draw, how many with any other."""
    return len(partners[choice].intersection(row)), len(partners[choice])


def _accepted(row: Sequence[Choice]) -> list[Choice]:
    """The row without the choices that cannot stand with all before them. The first two can."""
    accepted = [*row]
    if _refusal(row) is not None:
        accepted = [*row[:2]]
        for choice in row[2:]:
            accepted += [choice] if _refusal([*accepted, choice]) is None else []
    return accepted


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
