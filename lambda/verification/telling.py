"""What a run tells its operator: a line for each finding, and metrics, through Powertools."""

from collections import Counter
from collections.abc import Collection
from functools import cache
from typing import Final

from aws_lambda_powertools import Logger

from embedded_metrics import count
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
    count({VERIFIED: 1, **{name: counted[kind] for kind, name in METRICS.items()}}, stage)
