"""The caller's own session, in the deployed stage: who is on record, and what it may do."""

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from claude_bedrock.catalog import MODELS, session_policies
from claude_bedrock.catalog.invoke_policies import InvocationScope
from claude_bedrock.cli.shared.record_sources import records_of
from local.aws.authorization import Authorization
from local.aws.client import Aws
from tests.integration.deployed.deployment import MODEL, Deployment, message
from tests.integration.deployed.test_records import both, recorded

ACCOUNT = "123456789012"
OTHER = "claude-opus-5-5"
TAGS = {"stage": "local", "caller": "ana"}


@pytest.mark.parametrize("key", ["default", "search.web"])
def test_the_record_is_of_a_session_that_has_the_keys_name(
    deployment: Deployment, key: str
) -> None:
    answer = deployment.ask("Who asks?", key=deployment.endpoint["api_keys"][key])
    role = deployment.output("Gateway", "CallerRoleArn").rpartition("/")[2]
    identity = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{key}"
    records = recorded(records_of(deployment.stage()), answer.headers["request-id"])
    assert [record["identity"]["arn"] for record in both(records)] == [identity, identity]


@pytest.fixture(scope="module")
def function(deployment: Deployment) -> Any:  # noqa: ANN401 - boto3's client
    """STS, called with the function's own credentials."""
    aws = Aws(deployment.endpoint["aws_endpoint_url"], deployment.endpoint["region"], ACCOUNT)
    role = deployment.output("Gateway", "FunctionRoleArn")
    session = Authorization(aws).assume_role("lambda.amazonaws.com", role, "function")
    return deployment.client("sts", session)


def open_session(
    deployment: Deployment,
    sts: Any,  # noqa: ANN401
    tags: Mapping[str, str],
    **more: str,
) -> Mapping[str, str]:
    answer = sts.assume_role(
        RoleArn=deployment.output("Gateway", "CallerRoleArn"),
        RoleSessionName="ana",
        Tags=[{"Key": name, "Value": value} for name, value in tags.items()],
        **more,
    )
    credentials: Mapping[str, str] = answer["Credentials"]
    return credentials


def invoke(deployment: Deployment, credentials: Mapping[str, str], model: str) -> str:
    """The status of a call with these credentials, or Bedrock's refusal."""
    make: Any = boto3.Session(region_name=deployment.endpoint["region"]).client
    bedrock = make(
        "bedrock-runtime",
        endpoint_url=deployment.endpoint["bedrock_endpoint_url"],
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    (base_id,) = [each.base_id for each in MODELS if each.name == model]
    body = {**message("Hi"), "anthropic_version": "bedrock-2023-05-31"}
    del body["model"]
    try:
        bedrock.invoke_model(modelId=f"global.{base_id}", body=json.dumps(body))
    except ClientError as error:
        return str(error)
    return "200"


def test_the_function_opens_sessions_for_its_own_stage_alone(
    deployment: Deployment,
    function: Any,  # noqa: ANN401
) -> None:
    assert open_session(deployment, function, TAGS, SourceIdentity="ana")
    for tags in ({"caller": "ana"}, {**TAGS, "stage": "prod"}, {**TAGS, "Admin": "yes"}):
        with pytest.raises(ClientError, match="AccessDenied"):
            open_session(deployment, function, tags)
    with pytest.raises(ClientError, match="AccessDenied"):
        open_session(deployment, deployment.client("sts"), TAGS)
    with pytest.raises(ClientError, match="1 hour session limit"):
        open_session(deployment, function, TAGS, DurationSeconds=7200)  # type: ignore[arg-type]


def test_a_session_policy_leaves_its_models_and_no_other(
    deployment: Deployment,
    function: Any,  # noqa: ANN401
) -> None:
    scope = InvocationScope(("global",), deployment.endpoint["region"], ACCOUNT)
    named = [model for model in MODELS if model.name == MODEL]
    policy = session_policies.session_policy(named, scope)
    held = open_session(deployment, function, TAGS, Policy=policy)
    free = open_session(deployment, function, TAGS)
    assert [invoke(deployment, free, model) for model in (MODEL, OTHER)] == ["200", "200"]
    assert invoke(deployment, held, MODEL) == "200"
    assert "no session policy allows the bedrock:InvokeModel" in invoke(deployment, held, OTHER)


def test_the_functions_own_role_invokes_nothing(deployment: Deployment) -> None:
    aws = Aws(deployment.endpoint["aws_endpoint_url"], deployment.endpoint["region"], ACCOUNT)
    role = deployment.output("Gateway", "FunctionRoleArn")
    own = Authorization(aws).assume_role("lambda.amazonaws.com", role, "function")
    assert "explicit deny in an identity-based policy" in invoke(deployment, own, MODEL)
