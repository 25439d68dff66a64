"""The store of the logging configuration that a stage replaced, until it is put back."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

import boto3
from botocore.exceptions import ClientError

from claude_bedrock.iam.propagation import PropagationRetry, error_code
from claude_bedrock.logging_config.bedrock_client import ONE_CALL


class Parameters(Protocol):
    """The three calls this needs of boto3's `ssm` client."""

    def get_parameter(self, *, Name: str) -> Mapping[str, Any]: ...  # noqa: N803 - boto3's name
    def put_parameter(self, **request: object) -> object: ...
    def delete_parameter(self, *, Name: str) -> object: ...  # noqa: N803 - boto3's name


def connect(region: str) -> Parameters:
    """Return a client whose single call cannot outlast what CloudFormation waits."""
    client: Parameters = boto3.client("ssm", region_name=region, config=ONE_CALL)
    return client


class SavedConfiguration:
    """One parameter, of which no stack is the owner: it outlives function, stack and record. Its
    value is a `loggingConfig` as Bedrock gave it, so that a person can put it back as well. Each
    call is tried again while IAM has not propagated this function's policy."""

    def __init__(self, client: Parameters, name: str, *, retry: PropagationRetry) -> None:
        self._client = client
        self._retry = retry
        self.name = name

    def get(self) -> dict[str, Any] | None:
        """Return what was saved; None if nothing is."""
        try:
            answer = self._retry.call(lambda: self._client.get_parameter(Name=self.name))
        except ClientError as error:
            if _is_not_there(error):
                return None
            raise
        configuration: dict[str, Any] = json.loads(answer["Parameter"]["Value"])
        return configuration

    def put(self, configuration: Mapping[str, Any]) -> None:
        """Save it, over what was saved before. A standard parameter holds 4 KB, which a
        configuration with very long names may exceed; Systems Manager then takes a larger one:
        https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-default-tier.html"""
        self._retry.call(
            lambda: self._client.put_parameter(
                Name=self.name,
                Value=json.dumps(configuration),
                Type="String",
                Tier="Intelligent-Tiering",
                Overwrite=True,
                Description="The invocation-logging configuration that this stage found here",
            )
        )

    def delete(self) -> None:
        """Forget it; nothing saved is fine."""
        try:
            self._retry.call(lambda: self._client.delete_parameter(Name=self.name))
        except ClientError as error:
            if not _is_not_there(error):
                raise


def _is_not_there(error: ClientError) -> bool:
    return error_code(error) == "ParameterNotFound"
