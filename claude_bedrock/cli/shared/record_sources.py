"""The destinations of a deployment's records, and readers of its audit lines."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.records import access_log, audit_lines
from claude_bedrock.records.destinations import Destinations, prefix_in
from claude_bedrock.records.invocation_records import Records
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.records.trail_files import TrailFiles
from claude_bedrock.records.trail_source import from_json


def destinations_of(deployment: Deployment) -> Destinations:
    """Return the destinations of the stage's records. Raises NoTargetError where there is no such
    deployment, and botocore's errors."""
    outputs = deployment.outputs("InvocationLogging")
    return Destinations(
        account=deployment.client("sts").get_caller_identity()["Account"],
        region=deployment.region,
        log_group=outputs["LogGroupName"],
        bucket=outputs["LogBucketName"],
        prefix=prefix_in(outputs.get("LoggingConfiguration", "{}")),
    )


def records_of(deployment: Deployment) -> Records:
    """Return the records of what is deployed. Raises NoTargetError, and botocore's errors."""
    destinations = destinations_of(deployment)
    return Records(destinations, logs=deployment.client("logs"), s3=deployment.client("s3"))


def trail_of(deployment: Deployment) -> TrailFiles | None:
    """Return CloudTrail's files that the stage reads; None where it reads none. Raises
    NoTargetError, and botocore's errors."""
    source = from_json(deployment.outputs("InvocationLogging").get("CloudTrailSource", ""))
    return TrailFiles(source, deployment.client("s3")) if source else None


def audit_lines_of(
    deployment: Deployment, since: datetime, until: datetime, read: Fingerprint
) -> Iterator[LogItem]:
    """Yield the audit entries as `claude_bedrock.records.audit_lines` reads them. Raises
    NoTargetError, and botocore's errors."""
    group = deployment.outputs("Gateway")["FunctionLogGroupName"]
    return audit_lines.written(deployment.client("logs"), group, since, until, read)


def find_requests_of(
    deployment: Deployment, ids: Collection[str], since: datetime, until: datetime
) -> Mapping[str, str]:
    """Return the requests as `claude_bedrock.records.access_log` reads the API's access log. Raises
    NoTargetError, and botocore's errors."""
    group = deployment.outputs("Gateway")["AccessLogGroupName"]
    return access_log.find_requests(deployment.client("logs"), group, ids, since, until)
