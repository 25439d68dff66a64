"""A team's own inference profiles, once deployed, and the account's data-retention mode."""

import gzip
import json
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.exceptions import ClientError

from claude_bedrock import catalog
from gateway import settings
from tests.integration.deployed.deployment import Deployment, eventually, message

ROUTE = "global"
HAIKU = catalog.find("claude-haiku-4-5")
MISSING = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ip-000000000000"


@pytest.fixture
def arns(deployment: Deployment) -> dict[str, dict[str, str]]:
    profiles_by_team: dict[str, dict[str, str]] = json.loads(
        deployment.output("ModelAccess", "TeamProfileArns")
    )
    return profiles_by_team


def runtime(deployment: Deployment) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
    make: Any = boto3.Session(region_name=deployment.endpoint["region"]).client
    return make(
        "bedrock-runtime",
        endpoint_url=deployment.endpoint["bedrock_endpoint_url"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def invoke(deployment: Deployment, model_id: str) -> str:
    """The id of the request."""
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "Who pays?"}],
    }
    answer = runtime(deployment).invoke_model(modelId=model_id, body=json.dumps(body))
    request_id: str = answer["ResponseMetadata"]["RequestId"]
    return request_id


def test_each_profile_is_a_tagged_copy_of_what_the_output_names(
    deployment: Deployment, arns: dict[str, dict[str, str]]
) -> None:
    bedrock = deployment.client("bedrock")
    assert set(arns) == {"search", "support"}
    for team, center in (("search", "4711"), ("support", "4712")):
        for copied_id, arn in arns[team].items():
            profile = bedrock.get_inference_profile(inferenceProfileIdentifier=arn)
            copied = bedrock.get_inference_profile(inferenceProfileIdentifier=copied_id)
            assert (profile["type"], profile["status"]) == ("APPLICATION", "ACTIVE")
            assert profile["models"] == copied["models"]
        tags = bedrock.list_tags_for_resource(resourceARN=arn)["tags"]
        assert {tag["key"]: tag["value"] for tag in tags} == {
            "cost-center": center,
            "claude-on-bedrock-team": team,
            "claude-on-bedrock": "local",
        }


def test_the_function_has_the_profiles_of_the_output(
    deployment: Deployment, arns: dict[str, dict[str, str]]
) -> None:
    function = deployment.client("lambda").get_function_configuration(
        FunctionName=deployment.output("Gateway", "FunctionName")
    )
    read = settings.load({**function["Environment"]["Variables"], "AWS_REGION": "us-east-1"})
    assert read.team_profiles == arns


def test_a_call_by_a_teams_profile_is_on_record_under_its_arn(
    deployment: Deployment, arns: dict[str, dict[str, str]]
) -> None:
    assert HAIKU is not None
    arn = arns["search"][catalog.profile_id(HAIKU, ROUTE)]
    request_id = invoke(deployment, arn)

    record = eventually(lambda: _record(deployment, request_id))
    assert record["modelId"] == arn
    assert record["output"]["outputBodyJson"]["model"].startswith("claude-haiku-4-5")


def test_a_teams_key_is_billed_to_the_team_and_its_caller_hears_no_arn(
    deployment: Deployment, arns: dict[str, dict[str, str]]
) -> None:
    assert HAIKU is not None
    copied_id = catalog.profile_id(HAIKU, ROUTE)
    answer = deployment.ask("Who pays?", key=deployment.endpoint["api_keys"]["search.web"])
    assert answer.status == 200
    assert "arn:aws" not in str(answer.headers) + answer.body.decode()

    record = eventually(lambda: _record(deployment, answer.headers["request-id"]))
    assert record["modelId"] == arns["search"][copied_id]
    assert record["requestMetadata"]["api_key_name"] == "search.web"


def test_a_teams_own_profile_is_called_and_read_by_its_arn_and_no_other_teams(
    deployment: Deployment, arns: dict[str, dict[str, str]]
) -> None:
    assert HAIKU is not None
    copied_id = catalog.profile_id(HAIKU, ROUTE)
    headers = {
        "x-api-key": deployment.endpoint["api_keys"]["search.web"],
        "content-type": "application/json",
    }
    converse = {"messages": [{"role": "user", "content": [{"text": "Who pays?"}]}]}
    for team, status in (("search", 200), ("support", 403)):
        arn = arns[team][copied_id]
        path = quote(arn, safe="")
        for method, door, body in (
            ("POST", "/v1/messages", {**message("Who pays?"), "model": arn}),
            ("POST", f"/model/{path}/converse", converse),
            ("GET", f"/inference-profiles/{path}", None),
        ):
            sent = None if body is None else json.dumps(body).encode()
            answer = deployment.call(method, door, sent, headers)
            assert (door, answer.status) == (door, status), answer.body
            assert ":123456789012:" not in answer.body.decode()
    path = quote(arns["search"][copied_id], safe="")
    response = deployment.call("GET", f"/inference-profiles/{path}", None, headers).json()
    bedrocks = deployment.client("bedrock").get_inference_profile(
        inferenceProfileIdentifier=arns["search"][copied_id]
    )
    for member in ("inferenceProfileName", "inferenceProfileId", "models", "type", "status"):
        assert response[member] == bedrocks[member]


def _record(deployment: Deployment, request_id: str) -> dict[str, Any] | None:
    s3, bucket = deployment.client("s3"), deployment.output("InvocationLogging", "LogBucketName")
    for listed in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        if not listed["Key"].endswith(".json.gz") or "/data/" in listed["Key"]:
            continue
        stored = s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read()
        for line in gzip.decompress(stored).splitlines():
            entry: dict[str, Any] = json.loads(line)
            if entry["requestId"] == request_id:
                return entry
    return None


def test_a_profile_that_is_not_there_is_no_model(deployment: Deployment) -> None:
    with pytest.raises(ClientError) as refused:
        invoke(deployment, MISSING)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_the_account_retains_nothing_as_the_stage_requires(deployment: Deployment) -> None:
    assert deployment.client("bedrock").get_account_data_retention()["mode"] == "none"
    assert deployment.output("InvocationLogging", "DataRetentionMode") == "none"
