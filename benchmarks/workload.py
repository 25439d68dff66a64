"""The number of repetitions: enough for a figure, or just enough to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """`starts` and `rounds` are samples; the others are what one sample is made of."""

    starts: int
    rounds: int
    json_calls: int
    streams: int
    first_events: int
    callers: int
    footprints: int


FULL = Effort(
    starts=25, rounds=25, json_calls=100, streams=8, first_events=2000, callers=32, footprints=7
)
BESIDE_PEERS = Effort(
    starts=5, rounds=9, json_calls=50, streams=8, first_events=2000, callers=32, footprints=3
)
QUICK = Effort(
    starts=2, rounds=2, json_calls=2, streams=1, first_events=10, callers=3, footprints=1
)
