"""The AWS clients that delivery needs, for one endpoint of an embedded AWS."""

from collections.abc import Mapping
from typing import Any

import boto3

from local.bedrock.delivery import Clients
from local.bedrock.log_destinations import SESSION, Client


def connect(*, endpoint_url: str, region: str) -> Clients:
    """Clients of the AWS at `endpoint_url`, with the credentials of the environment."""
    session = boto3.Session(region_name=region)

    def client(name: str, **credentials: str) -> Client:
        make: Any = session.client
        return make(name, endpoint_url=endpoint_url, **credentials)

    def logs(role: Mapping[str, Any]) -> Client:
        return client(
            "logs",
            aws_access_key_id=role["AccessKeyId"],
            aws_secret_access_key=role["SecretAccessKey"],
            aws_session_token=role["SessionToken"],
        )

    sts = client("sts")

    def assume_role(arn: str) -> Mapping[str, Any]:
        answer = sts.assume_role(RoleArn=arn, RoleSessionName=SESSION)
        credentials: Mapping[str, Any] = answer["Credentials"]
        return credentials

    return Clients(
        bedrock=client("bedrock"),
        cloudwatch=client("cloudwatch"),
        s3=client("s3"),
        assume_role=assume_role,
        logs=logs,
    )
