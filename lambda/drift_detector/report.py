"""What the sentinel tells its operator: a line for each difference, and metrics, by Powertools."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Final

from aws_lambda_powertools import Logger

from claude_bedrock.logging_config.drift import Drift, Kind
from metrics.emf import count

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
LOOKS: Final = "DriftDetectorRuns"


@cache
def _logger() -> Logger:
    return Logger(location=None)


def tell(found: Sequence[Drift], stage: str) -> None:
    """Each metric is written at each look, as 0 where nothing is found: so an alarm ends."""
    for each in found:
        _logger().warning("drift", extra={"drift": each._asdict()})
    counted = Counter(each.kind for each in found)
    count({LOOKS: 1, **{name: counted[kind] for kind, name in METRICS.items()}}, stage)
