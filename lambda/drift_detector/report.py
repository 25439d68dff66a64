"""Reports of the drift detector: a log line for each difference, and metrics, by Powertools."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Final

from aws_lambda_powertools import Logger

from claude_bedrock.logging_config.drift import Drift, Kind
from metrics.emf import emit_metrics

METRICS: Final[dict[Kind, str]] = {
    "logging deleted": "InvocationLoggingDisabled",
    "records redirected": "LoggingDestinationChanged",
    "bodies switched off": "LogDataTypeDisabled",
    "retention shortened": "RetentionShortened",
    "bucket changed": "LogBucketDrifted",
    "key unusable": "KmsKeyUnusable",
    "log_group_drifted": "LogGroupDrifted",
    "delivery_role_drifted": "DeliveryRoleDrifted",
    "data_retention_loosened": "DataRetentionLoosened",
    "catalog_outdated": "CatalogOutdated",
}
RUNS: Final = "DriftDetectorRuns"


@cache
def _logger() -> Logger:
    return Logger(location=None)


def report_drift(drifts: Sequence[Drift], stage: str) -> None:
    """Write each metric at each run, 0 where nothing differs, so that an alarm ends."""
    for item in drifts:
        _logger().warning("drift", extra={"drift": item._asdict()})
    counted = Counter(item.kind for item in drifts)
    emit_metrics({RUNS: 1, **{name: counted[kind] for kind, name in METRICS.items()}}, stage)
