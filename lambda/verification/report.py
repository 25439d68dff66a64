"""A run's report: a line for each finding, and metrics, through Powertools."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from claude_bedrock.records.window import UnreadableError
from claude_bedrock.verification.coverage import Mismatch
from claude_bedrock.verification.finding import Finding, Kind
from metrics.emf import emit_metrics

METRICS: Final[dict[Kind, str]] = {
    "missing_record": "InvocationRecordMissing",
    "bypassed_gateway": "GatewayBypassed",
    "body_missing": "PromptOrCompletionMissing",
    "caller_mismatch": "CallerMismatch",
    "data_residency_violation": "DataResidencyViolation",
    "audit_entry_lost": "AuditEntryLost",
    "model_mismatch": "ModelMismatch",
    "identity_mismatch": "IdentityMismatch",
    "session_mismatch": "SessionMismatch",
    "content_mismatch": "ContentMismatch",
    "unreadable_record": "UnreadableRecord",
    "budget_mismatch": "BudgetMismatch",
}
_OF_BUDGETS: Final[Kind] = "budget_mismatch"
"""Of a stage without budgets the metric is not written: each costs something."""
TRAIL_METRICS: Final[dict[Kind, str]] = {
    "call_outside_stage": "CallOutsideStage",
    "unrecorded_call": "UnrecordedCall",
    "lost_call": "LostCall",
    "trail_incomplete": "TrailIncomplete",
}
"""Of a stage that reads CloudTrail's events."""
NOT_DELIVERED: Final = "AuditEntryNotDelivered"
"""Of a stage with a table of audit log entries."""
COMPARISON_LINE: Final = "compared in Athena"
NOT_DELIVERED_LINE: Final = "audit log entries not delivered"
VERIFIED: Final = "VerifiedHours"
NOT_VERIFIED: Final = "UnverifiedHours"
EVIDENCE: Final = "EvidenceChanged"
_OF_EVIDENCE: Final[Kind] = "evidence_changed"
"""Counts with the files of evidence that are gone or changed."""
_LINES: Final = 100


@cache
def _logger() -> Logger:
    return Logger(location=None)


def report_findings(
    findings: Sequence[Finding],
    stage: str,
    mismatches: Sequence[Mismatch],
    *,
    has_budgets: bool,
    has_trail: bool,
    delivery: Mapping[str, Any] | None = None,
) -> None:
    """Lines and metrics of what was found. A finding never holds a prompt or a completion.
    `delivery` has what evidence has of the entries in the bucket, where the stage has a table of
    them."""
    for finding in findings:
        _logger().warning("finding", extra={"finding": finding.as_data()})
    counted = Counter(finding.kind for finding in findings)
    report_evidence(mismatches)
    metrics = {**METRICS, **TRAIL_METRICS} if has_trail else METRICS
    counts = {
        name: counted[kind] for kind, name in metrics.items() if kind != _OF_BUDGETS or has_budgets
    }
    if delivery is not None:
        counts[NOT_DELIVERED] = delivery["missing"]
    if delivery is not None and (delivery["missing"] or delivery["unreadable"]):
        _logger().warning(NOT_DELIVERED_LINE, extra={"entry_files": delivery})
    changed = len(mismatches) + counted[_OF_EVIDENCE]
    emit_metrics({NOT_VERIFIED: 0, EVIDENCE: changed, **counts}, stage)


def report_verified_hour(stage: str) -> None:
    """Write the metric of an hour that is sealed and signed: the alarm on missing hours counts its
    data points, so a run that KMS or S3 refuses writes none."""
    emit_metrics({VERIFIED: 1}, stage)


def report_unverified(since: str, because: str, stage: str, mismatches: Sequence[Mismatch]) -> None:
    """Write a line and a metric for a time of which nothing is known, from `since` (ISO 8601)
    on."""
    _logger().warning("not verified", extra={"since": since, "because": because})
    report_evidence(mismatches)
    emit_metrics({NOT_VERIFIED: 1, EVIDENCE: len(mismatches)}, stage)


def report_comparison(entry: Mapping[str, Any]) -> None:
    """Write a line for what Athena says of a time that is not verified, without the calls that
    evidence names."""
    counts = {name: value for name, value in entry.items() if name not in {"kind", "first"}}
    _logger().warning(COMPARISON_LINE, extra={"comparison": counts})


def report_unsent(because: str) -> None:
    """Write a line for a daily report that the alarm topic did not take."""
    _logger().warning("daily report not sent", extra={"because": because})


def report_evidence(mismatches: Sequence[Mismatch]) -> None:
    """Write a line for each of the first files that are missing or changed."""
    for mismatch in mismatches[:_LINES]:
        _logger().warning("evidence", extra={"mismatch": mismatch._asdict()})


def reason(error: Exception) -> str:
    """Return what AWS calls it, without an ARN or an account; what could not be read, in our
    words."""
    if isinstance(error, ClientError):
        return f"{error.response['Error'].get('Code', '')} of {error.operation_name}"
    return str(error) if isinstance(error, UnreadableError) else type(error).__name__
