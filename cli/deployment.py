"""One deployed stage as a command sees it: where it is, its stacks' outputs, its AWS's clients."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""


class NoTargetError(Exception):
    """There is no such deployment; the text says what to do."""


class Deployment(NamedTuple):
    """A stage in a Region; `endpoint_url` is where its AWS listens, None for the real one."""

    stage: str
    region: str
    endpoint_url: str | None

    def session(self) -> boto3.Session:
        """The caller's own credentials, if there are any; the embedded AWS takes its test keys."""
        if self.endpoint_url is None:
            return boto3.Session(region_name=self.region)
        return boto3.Session(
            region_name=self.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - nothing is protected by it
        )

    def client(self, service: str) -> Client:
        """A client of the stage's AWS."""
        make: Any = self.session().client
        return make(service, endpoint_url=self.endpoint_url) if self.endpoint_url else make(service)

    def stack(self, name: str) -> str:
        """The name in CloudFormation of the stack that the project calls `name`."""
        return f"claude-on-bedrock-{self.stage}-{name}"

    def outputs(self, stack: str) -> Mapping[str, str]:
        """What `stack` put out: output -> value. Raises NoTargetError where it is not deployed."""
        try:
            described = self.client("cloudformation").describe_stacks(StackName=self.stack(stack))
        except ClientError as error:
            if "does not exist" in str(error):
                raise NoTargetError(
                    f"{self.stack(stack)} is not deployed in {self.region}: "
                    f"run `cdk deploy --all -c stage={self.stage}`, or name another stage or Region"
                ) from error
            raise
        (found,) = described["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}


def local_endpoint(state: Path) -> Mapping[str, Any]:
    """What `make local` wrote. Raises NoTargetError."""
    try:
        endpoint: dict[str, Any] = json.loads((state / "endpoint.json").read_bytes())
    except FileNotFoundError as absent:
        raise NoTargetError(
            f"nothing is up in {state}: run `make local`, or name what you mean by options"
        ) from absent
    return endpoint


def local(state: Path) -> Deployment:
    """What is up in the state folder. Raises NoTargetError."""
    found = local_endpoint(state)
    return Deployment(found["stage"], found["region"], found["aws_endpoint_url"])


def deployed(stage: str, region: str | None) -> Deployment:
    """The stage in the account of the caller's AWS credentials, which are not looked at yet.

    Raises NoTargetError where no Region is known."""
    return Deployment(stage, known_region(region), None)


def known_region(region: str | None) -> str:
    """The Region given, else that of the caller's AWS settings. Raises NoTargetError."""
    found = boto3.Session(region_name=region).region_name
    if found is None:
        raise NoTargetError("no Region is set: give --region, or set AWS_REGION")
    return found


def chosen(stage: str | None, region: str | None, state: Path) -> Deployment:
    """The stage that was named, else what is up locally. Raises NoTargetError."""
    return deployed(stage, region) if stage else local(state)
