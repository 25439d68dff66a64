"""What the sentinel tells its operator: a line for each difference, and metrics, by Powertools."""

import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from .drift import Drift, Kind

METRICS: Final[dict[Kind, str]] = {
    "logging deleted": "LoggingDeleted",
    "records redirected": "RecordsRedirected",
    "bodies switched off": "BodiesSwitchedOff",
    "retention shortened": "RetentionShortened",
    "bucket changed": "BucketChanged",
    "key unusable": "KeyUnusable",
}
LOOKS: Final = "SentinelLooks"


@cache
def _logger() -> Logger:
    return Logger(location=None)


def tell(found: Sequence[Drift], stage: str) -> None:
    """Each metric is written at each look, as 0 where nothing is found: so an alarm ends."""
    for each in found:
        _logger().warning("drift", extra={"drift": each._asdict()})
    counted = Counter(each.kind for each in found)
    metrics = EphemeralMetrics(default_dimensions={"stage": stage})
    metrics.add_metric(LOOKS, MetricUnit.Count, 1)
    for kind, name in METRICS.items():
        metrics.add_metric(name, MetricUnit.Count, counted[kind])
    # EMF is read from stdout; Lambda freezes the process before a buffer would be written.
    print(json.dumps(metrics.serialize_metric_set()), flush=True)  # noqa: T201
