"""Where a deployment's records lie, and how its audit lines are read."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from cli.deployment import Deployment
from records import audit_lines
from records.destinations import Destinations
from records.fingerprint import Fingerprint
from records.invocation_records import Records


def destinations_of(deployment: Deployment) -> Destinations:
    """Raises NoTargetError where there is no such deployment, and botocore's errors."""
    outputs = deployment.outputs("InvocationLogging")
    configuration = json.loads(outputs.get("LoggingConfiguration", "{}"))
    prefix = configuration.get("s3Config", {}).get("keyPrefix", "")
    return Destinations(
        account=deployment.client("sts").get_caller_identity()["Account"],
        region=deployment.region,
        log_group=outputs["LogGroupName"],
        bucket=outputs["LogBucketName"],
        prefix=f"{prefix.rstrip('/')}/" if prefix else "",
    )


def records_of(deployment: Deployment) -> Records:
    """The records of what is deployed. Raises NoTargetError, and botocore's errors."""
    found = destinations_of(deployment)
    return Records(found, logs=deployment.client("logs"), s3=deployment.client("s3"))


def audit_lines_of(
    deployment: Deployment, since: datetime, until: datetime, read: Fingerprint
) -> Iterator[tuple[float, Mapping[str, Any]]]:
    """As `records.audit_lines` reads them. Raises NoTargetError, and botocore's errors."""
    group = deployment.outputs("Gateway")["FunctionLogGroupName"]
    return audit_lines.written(deployment.client("logs"), group, since, until, read)
