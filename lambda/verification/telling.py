"""What a run tells its operator: a line for each finding, and metrics, through Powertools."""

import json
from collections import Counter
from collections.abc import Collection
from functools import cache
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from reconciliation.join import Kind
from verification.callers import unexpected
from verification.run import Run

METRICS: Final[dict[Kind, str]] = {
    "called, not logged": "CalledNotLogged",
    "logged, not called": "LoggedNotCalled",
    "body missing": "BodyMissing",
    "caller differs": "CallerDiffers",
    "outside the residency": "OutsideTheResidency",
}
VERIFIED: Final = "VerifiedHours"


@cache
def _logger() -> Logger:
    return Logger(location=None)


def tell(found: Run, stage: str, other_callers: Collection[str]) -> None:
    """Lines and metrics of one hour; none of a call past the gateway by one of `other_callers`,
    which only the evidence has. A finding never holds what was said."""
    findings = unexpected(found.outcome.findings, other_callers)
    for finding in findings:
        _logger().warning("finding", extra={"finding": finding._asdict()})
    counted = Counter(finding.kind for finding in findings)
    metrics = EphemeralMetrics(default_dimensions={"stage": stage})
    metrics.add_metric(VERIFIED, MetricUnit.Count, 1)
    for kind, name in METRICS.items():
        metrics.add_metric(name, MetricUnit.Count, counted[kind])
    # EMF is read from stdout; Lambda freezes the process before a buffer would be written.
    print(json.dumps(metrics.serialize_metric_set()), flush=True)  # noqa: T201
