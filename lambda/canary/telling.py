"""What the canary tells its operator: a line for each failure, and metrics, by Powertools."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from canary.look import Failure

RUNS: Final = "CanaryRuns"
FAILURES: Final = "CanaryFailures"


@cache
def _logger() -> Logger:
    return Logger(location=None)


def tell(failures: Sequence[Failure], stage: str) -> None:
    """Both metrics are written at each run, failures as 0 or 1: so an alarm ends."""
    for each in failures:
        _logger().warning("canary", extra={"failure": each._asdict()})
    metrics = EphemeralMetrics(default_dimensions={"stage": stage})
    metrics.add_metric(RUNS, MetricUnit.Count, 1)
    metrics.add_metric(FAILURES, MetricUnit.Count, int(bool(failures)))
    # EMF is read from stdout; Lambda freezes the process before a buffer would be written.
    print(json.dumps(metrics.serialize_metric_set()), flush=True)  # noqa: T201
