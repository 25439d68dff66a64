"""Which deployment a command is about: the one in a state folder, or a stage of an AWS account."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import boto3

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""


class NoTargetError(Exception):
    """There is no such deployment; the text says what to do."""


class Target(NamedTuple):
    """Where records lie, and how to reach the AWS that has them (`endpoint_url` None: the real)."""

    region: str
    log_group: str
    bucket: str
    endpoint_url: str | None

    def client(self, service: str) -> Client:
        make: Any = boto3.Session(region_name=self.region).client
        if self.endpoint_url is None:
            return make(service)
        return make(
            service,
            endpoint_url=self.endpoint_url,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the embedded AWS takes any
        )


def local_endpoint(state: Path) -> Mapping[str, Any]:
    """What `make local` wrote. Raises NoTargetError."""
    try:
        endpoint: dict[str, Any] = json.loads((state / "endpoint.json").read_bytes())
    except FileNotFoundError as absent:
        raise NoTargetError(
            f"nothing is up in {state}: run `make local`, or name what you mean by options"
        ) from absent
    return endpoint


def local(state: Path) -> Target:
    """What is up in the state folder. Raises NoTargetError."""
    found = local_endpoint(state)
    logging = found["outputs"][_stack(found["stage"])]
    return _target(found["region"], logging, found["aws_endpoint_url"])


def deployed(stage: str, region: str | None) -> Target:
    """The stage in the account of the caller's AWS credentials. Raises botocore's errors."""
    session = boto3.Session(region_name=region)
    cloudformation: Client = session.client("cloudformation")
    [stack] = cloudformation.describe_stacks(StackName=_stack(stage))["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    return _target(cloudformation.meta.region_name, outputs, None)


def _stack(stage: str) -> str:
    return f"claude-on-bedrock-{stage}-InvocationLogging"


def _target(region: str, outputs: Mapping[str, str], endpoint_url: str | None) -> Target:
    return Target(region, outputs["LogGroupName"], outputs["LogBucketName"], endpoint_url)
