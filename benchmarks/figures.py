"""What a figure is: samples of each contender, what they come to, and how far it is to reach."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

FLOOR = "bare loop"
GATEWAY = "gateway"
GATEWAY_TLS = "gateway, upstream over TLS"
BOTO3 = "boto3, no gateway"
_OURS = (GATEWAY, GATEWAY_TLS)


@dataclass(frozen=True, slots=True)
class Reach:
    """To stay below: times the bare loop of the same run, or ms of processor time."""

    limit: float
    is_ratio: bool

    def __str__(self) -> str:
        return f"< {self.limit:g}x" if self.is_ratio else f"< {self.limit:g} ms"


@dataclass(frozen=True, slots=True)
class Figure:
    """`samples`: ms of processor time of each contender, one a round, in the rounds' order."""

    title: str
    reach: Reach
    samples: Mapping[str, list[float]]

    def median(self, contender: str) -> float:
        return statistics.median(self.samples[contender])

    def spread(self, contender: str) -> tuple[float, float]:
        """First and third quartile."""
        first, _, third = statistics.quantiles(self.samples[contender], n=4, method="inclusive")
        return first, third

    def ratio(self, contender: str) -> float:
        """Times the bare loop: the median of the rounds' own ratios, in which drift cancels."""
        rounds = zip(self.samples[contender], self.samples[FLOOR], strict=True)
        return statistics.median(own / floor for own, floor in rounds)

    def reached(self, contender: str) -> bool | None:
        """None for those who have nothing to reach."""
        if contender not in _OURS:
            return None
        value = self.ratio(contender) if self.reach.is_ratio else self.median(contender)
        return value < self.reach.limit

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "unit": "ms of processor time",
            "reach": str(self.reach),
            "contenders": {name: self._row(name) for name in self.samples},
        }

    def _row(self, name: str) -> dict[str, Any]:
        return {
            "median": self.median(name),
            "quartiles": self.spread(name),
            "times_bare_loop": self.ratio(name),
            "reached": self.reached(name),
            "samples": self.samples[name],
        }


def interleaved(
    rounds: int, samplers: Mapping[str, Callable[[], float]]
) -> Mapping[str, list[float]]:
    """Each round asks everyone once, so that what drifts on the machine drifts for all."""
    samples: dict[str, list[float]] = {name: [] for name in samplers}
    for _ in range(rounds):
        for name, sample in samplers.items():
            samples[name].append(sample())
    return samples
