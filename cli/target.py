"""Where a deployment's records lie."""

import json
from typing import NamedTuple

from cli.deployment import Client, Deployment


class Target(NamedTuple):
    """Where records lie, and the deployment that has them; `prefix` is what their keys begin with,
    `` or ending in `/`, where the stage has adopted or extended another's logging."""

    deployment: Deployment
    log_group: str
    bucket: str
    prefix: str = ""

    @property
    def region(self) -> str:
        return self.deployment.region

    def client(self, service: str) -> Client:
        return self.deployment.client(service)


def records_of(deployment: Deployment) -> Target:
    """Raises NoTargetError where there is no such deployment, and botocore's errors."""
    outputs = deployment.outputs("InvocationLogging")
    configuration = json.loads(outputs.get("LoggingConfiguration", "{}"))
    prefix = configuration.get("s3Config", {}).get("keyPrefix", "")
    return Target(
        deployment,
        outputs["LogGroupName"],
        outputs["LogBucketName"],
        f"{prefix.rstrip('/')}/" if prefix else "",
    )
