"""What a figure is: samples of each contender, what they come to, and what is to be reached."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

FLOOR = "bare loop"
RELAY = "raw relay"
RELAY_TLS = "raw relay, upstream over TLS"
DIRECT = "direct"
GATEWAY = "gateway"
GATEWAY_TLS = "gateway, upstream over TLS"
IN_SESSION = "gateway, session open"
NEW_CALLER = "gateway, new caller"
UNDER_BUDGET = "gateway, one budget"
BOTO3 = "boto3, no gateway"
LITELLM = "LiteLLM"
NGINX = "nginx, raw relay"
FERRO = "Ferro"
PORTKEY = "Portkey"
CLAUDE_GATEWAY = "claude gateway"

Name = TypeVar("Name")


@dataclass(frozen=True, slots=True)
class Target:
    """What `contender` keeps to: `times` those it stands `against` in the same run, so much `above`
    them, or by `itself`. At most `limit`, unless it is to be `at_least` that."""

    limit: float
    against: str = ""
    contender: str = GATEWAY
    how: Literal["times", "above", "itself"] = "times"
    at_least: bool = False
    percentile: int = 50

    def describe(self, unit: str) -> str:
        """`≤ 2x`, `≤ 10 ms above, p99`."""
        sign = "≥" if self.at_least else "≤"
        counted = {"times": "x", "above": f" {unit} above", "itself": f" {unit}"}[self.how]
        percentile = f", p{self.percentile}" if self.percentile != 50 else ""
        return f"{sign} {self.limit:g}{counted}{percentile}"


@dataclass(frozen=True, slots=True)
class Figure:
    """`samples`: in `unit`, of each contender, one a round, in the rounds' order."""

    title: str
    unit: str
    samples: Mapping[str, Sequence[float]]
    targets: Sequence[Target] = ()

    @property
    def short_unit(self) -> str:
        """`ms` of `ms by the clock`."""
        return self.unit.partition(" ")[0]

    @property
    def reference(self) -> str:
        """Whom the others are told in multiples of: the first."""
        return next(iter(self.samples))

    def median(self, contender: str) -> float:
        return statistics.median(self.samples[contender])

    def spread(self, contender: str) -> tuple[float, float]:
        """First and third quartile."""
        return _percentile(self.samples[contender], 25), _percentile(self.samples[contender], 75)

    def ratio(self, contender: str, against: str) -> float:
        """Return the median of the rounds' own ratios, in which drift cancels."""
        rounds = zip(self.samples[contender], self.samples[against], strict=True)
        return statistics.median(own / other for own, other in rounds)

    def judged(self) -> Sequence[Target]:
        """Return those of `targets` whose contenders took part."""
        here = {"", *self.samples}
        return [target for target in self.targets if {target.contender, target.against} <= here]

    def value(self, target: Target) -> float:
        """Return what `contender` comes to, in the terms of `target`."""
        own = self.samples[target.contender]
        if target.how == "itself":
            return _percentile(own, target.percentile)
        if target.how == "times":
            return self.ratio(target.contender, target.against)
        above = [
            own_sample - other
            for own_sample, other in zip(own, self.samples[target.against], strict=True)
        ]
        return _percentile(above, target.percentile)

    def missed_by(self, target: Target) -> float:
        """Return the part of the limit that is missing; 0 or less where it is reached."""
        beyond = self.value(target) / target.limit - 1
        return -beyond if target.at_least else beyond

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "unit": self.unit,
            "contenders": {name: self._row(name) for name in self.samples},
            "reaches": [self._judgment(target) for target in self.judged()],
        }

    def _row(self, name: str) -> dict[str, Any]:
        return {
            "median": self.median(name),
            "quartiles": self.spread(name),
            "samples": list(self.samples[name]),
        }

    def _judgment(self, target: Target) -> dict[str, Any]:
        return {
            "who": target.contender,
            "against": target.against,
            "reach": target.describe(self.short_unit),
            "value": self.value(target),
            "missed_by": max(0.0, self.missed_by(target)),
        }


def interleaved(
    rounds: int, samplers: Mapping[Name, Callable[[], float]]
) -> Mapping[Name, list[float]]:
    """Each round asks everyone once, so that what drifts on the machine drifts for all."""
    samples: dict[Name, list[float]] = {name: [] for name in samplers}
    for _ in range(rounds):
        for name, sample in samplers.items():
            samples[name].append(sample())
    return samples


def _percentile(samples: Sequence[float], percentile: int) -> float:
    if len(samples) == 1:
        return samples[0]
    return statistics.quantiles(samples, n=100, method="inclusive")[percentile - 1]
