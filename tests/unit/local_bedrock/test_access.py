"""What Bedrock asks IAM before it answers, and what it answers where IAM refuses."""

import json
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from local.bedrock import access
from local.bedrock.log_destinations import Client
from local.bedrock.model_ids import Target, identify, identify_application
from tests.unit.local_bedrock.conftest import DENIED, SONNET, Served, body_of

BASE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
REGION, ACCOUNT, TODAY = "us-east-1", "123456789012", "2026-11-23"
MODEL = f"foundation-model/{BASE}"
ARN_PREFIX = f"arn:aws:bedrock:{REGION}:{ACCOUNT}"


def authorization_requests(
    target: Target, *, streamed: bool = False
) -> list[tuple[str, str, str, str]]:
    """Action, resource, Region and profile of each request."""
    requests = access.inference_requests(
        target, streamed=streamed, region=REGION, account=ACCOUNT, tier="default"
    )
    assert all(dict(request.context)["bedrock:ServiceTier"] == "default" for request in requests)
    return [
        (
            request.action.partition(":")[2],
            request.resource,
            request.region,
            dict(request.context).get("bedrock:InferenceProfileArn", ""),
        )
        for request in requests
    ]


def find(requested: str) -> Target:
    return identify(requested, region=REGION, account=ACCOUNT, today=TODAY)


@pytest.mark.parametrize("requested", [SONNET, f"{ARN_PREFIX}:inference-profile/{SONNET}"])
def test_a_global_profile_is_authorized_here_and_without_a_region(requested: str) -> None:
    profile = f"{ARN_PREFIX}:inference-profile/{SONNET}"

    assert authorization_requests(find(requested)) == [
        ("InvokeModel", profile, REGION, ""),
        ("InvokeModel", f"arn:aws:bedrock:{REGION}::{MODEL}", REGION, profile),
        ("InvokeModel", f"arn:aws:bedrock:::{MODEL}", "unspecified", profile),
    ]


def test_a_geography_is_authorized_in_each_of_its_regions() -> None:
    profile = f"{ARN_PREFIX}:inference-profile/us.{BASE}"
    target = find(f"us.{BASE}")
    action = "InvokeModelWithResponseStream"

    assert authorization_requests(target, streamed=True) == [
        (action, profile, REGION, ""),
        *(
            (action, f"arn:aws:bedrock:{region}::{MODEL}", region, profile)
            for region in target.destinations
        ),
    ]


def test_an_application_profile_is_authorized_by_its_own_arn() -> None:
    profile = f"{ARN_PREFIX}:application-inference-profile/abc"
    behind = [f"arn:aws:bedrock:{REGION}::{MODEL}", f"arn:aws:bedrock:::{MODEL}"]
    target = identify_application(profile, behind, region=REGION, account=ACCOUNT, today=TODAY)

    assert authorization_requests(target) == [
        ("InvokeModel", profile, REGION, ""),
        ("InvokeModel", behind[0], REGION, profile),
        ("InvokeModel", behind[1], "unspecified", profile),
    ]


def test_counting_is_an_action_on_the_bare_model() -> None:
    (request,) = access.count_requests(find(SONNET).model, REGION)

    assert (request.action, request.resource) == (
        "bedrock:CountTokens",
        f"arn:aws:bedrock:{REGION}::{MODEL}",
    )


def test_what_iam_refuses_is_a_403_in_aws_words_and_on_no_record(
    served: Served, client_for: Callable[..., Client]
) -> None:
    denied, allowed = client_for("AKIADENIED"), client_for()

    with pytest.raises(ClientError, match=DENIED) as refused:
        denied.invoke_model(modelId=SONNET, body=body_of())
    with pytest.raises(ClientError, match=DENIED):
        denied.converse(modelId=SONNET, messages=[{"role": "user", "content": [{"text": "Hi"}]}])
    with pytest.raises(ClientError, match=DENIED):
        body = body_of().encode()
        denied.count_tokens(modelId=BASE, input={"invokeModel": {"body": body}})

    answer = refused.value.response
    assert answer["Error"]["Code"] == "AccessDeniedException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    later = allowed.invoke_model(modelId=SONNET, body=body_of())["ResponseMetadata"]["RequestId"]
    served.invocation(later)
    lost = answer["ResponseMetadata"]["RequestId"]
    assert lost not in {invocation.request_id for invocation in served.delivered}
    assert json.loads(served.invocation(later).input)
