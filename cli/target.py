"""Where a deployment's records lie."""

from typing import NamedTuple

from cli.deployment import Client, Deployment


class Target(NamedTuple):
    """Where records lie, and the deployment that has them."""

    deployment: Deployment
    log_group: str
    bucket: str

    @property
    def region(self) -> str:
        return self.deployment.region

    def client(self, service: str) -> Client:
        return self.deployment.client(service)


def records_of(deployment: Deployment) -> Target:
    """Raises NoTargetError where there is no such deployment, and botocore's errors."""
    outputs = deployment.outputs("InvocationLogging")
    return Target(deployment, outputs["LogGroupName"], outputs["LogBucketName"])
