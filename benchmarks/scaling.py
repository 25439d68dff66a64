"""What a curve is: how a cost grows with a size, and the power by which it does at the end."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Exponent(NamedTuple):
    """Cost grows as size to the power of `value`, between the sizes `low` and `high`."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """`costs`, in `unit`, of each contender at each of `sizes`, which grow."""

    name: str
    title: str
    size: str
    unit: str
    sizes: Sequence[int]
    costs: Mapping[str, Sequence[float]]

    def exponent(self, contender: str) -> Exponent:
        """Return the slope of a least-squares line through the logarithms of the upper half."""
        first = len(self.sizes) // 2 if len(self.sizes) > 2 else 0
        sizes, costs = self.sizes[first:], self.costs[contender][first:]
        logs = [math.log(value) for value in sizes], [math.log(value) for value in costs]
        return Exponent(statistics.linear_regression(*logs).slope, sizes[0], sizes[-1])

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "size": self.size,
            "unit": self.unit,
            "sizes": list(self.sizes),
            "costs": {name: list(costs) for name, costs in self.costs.items()},
            "exponents": {name: self.exponent(name)._asdict() for name in self.costs},
        }
