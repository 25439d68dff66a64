"""The canary's report: a line for each failure, and metrics, by Powertools."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from aws_lambda_powertools import Logger

from canary.record_check import Failure
from metrics.emf import emit_metrics

RUNS: Final = "CanaryRuns"
FAILURES: Final = "CanaryFailures"


@cache
def _logger() -> Logger:
    return Logger(location=None)


def report_failures(failures: Sequence[Failure], stage: str) -> None:
    """Write both metrics at each run, failures as 0 or 1, so that an alarm ends."""
    for failure in failures:
        _logger().warning("canary", extra={"failure": failure._asdict()})
    emit_metrics({RUNS: 1, FAILURES: int(bool(failures))}, stage)
