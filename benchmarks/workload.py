"""The number of repetitions: enough for a figure, or just enough to see that it works."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """`starts` and `rounds` are samples, and so are the numbers of `paced`, of streams whose
    events are that many milliseconds apart; the others are what one sample is made of."""

    starts: int
    rounds: int
    json_calls: int
    streams: int
    first_events: int
    callers: int
    footprints: int
    paced_events: int
    paced: Mapping[int, int]


FULL = Effort(
    starts=25,
    rounds=25,
    json_calls=100,
    streams=8,
    first_events=2000,
    callers=32,
    footprints=7,
    paced_events=500,
    paced={2: 11, 20: 3},
)
BESIDE_PEERS = Effort(
    starts=5,
    rounds=9,
    json_calls=50,
    streams=8,
    first_events=2000,
    callers=32,
    footprints=3,
    paced_events=500,
    paced={2: 5, 20: 3},
)
QUICK = Effort(
    starts=2,
    rounds=2,
    json_calls=2,
    streams=1,
    first_events=10,
    callers=3,
    footprints=1,
    paced_events=10,
    paced={2: 2, 20: 1},
)
