"""What a run tells its operator: a line for each finding, and metrics, through Powertools."""

from collections import Counter
from functools import cache
from typing import Final

from aws_lambda_powertools import Logger

from embedded_metrics import count
from reconciliation.finding import Kind
from verification.run import Run

METRICS: Final[dict[Kind, str]] = {
    "called, not logged": "CalledNotLogged",
    "logged, not called": "LoggedNotCalled",
    "body missing": "BodyMissing",
    "caller differs": "CallerDiffers",
    "outside the residency": "OutsideTheResidency",
    "audit_entry_lost": "AuditEntryLost",
    "model_mismatch": "ModelMismatch",
    "identity_mismatch": "IdentityMismatch",
    "content_mismatch": "ContentMismatch",
    "unreadable_record": "UnreadableRecord",
}
VERIFIED: Final = "VerifiedHours"


@cache
def _logger() -> Logger:
    return Logger(location=None)


def tell(found: Run, stage: str) -> None:
    """Lines and metrics of one hour. A finding never holds a prompt or a completion."""
    findings = found.outcome.findings
    for finding in findings:
        _logger().warning("finding", extra={"finding": finding.as_data()})
    counted = Counter(finding.kind for finding in findings)
    count({VERIFIED: 1, **{name: counted[kind] for kind, name in METRICS.items()}}, stage)
