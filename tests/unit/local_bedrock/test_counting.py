"""CountTokens counts what an inference would count, for the models and ids that Bedrock takes."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from claude_bedrock.catalog import MODELS
from local.bedrock.errors import RefusedError
from local.bedrock.log_destinations import Client
from local.bedrock.model_ids import identify_counted
from tests.unit.local_bedrock.conftest import SONNET, Served, body_of
from tests.unit.local_bedrock.converse_bodies import (
    TEXT,
    TOOLS,
    Json,
    assistant,
    model,
    user,
)
from tests.unit.local_bedrock.files import image

BASE = SONNET.removeprefix("global.")
ACCOUNT, REGION = "123456789012", "us-east-1"
COUNTED = [model for model in MODELS if model.count_tokens]


@pytest.fixture
def counter(bedrock: Client) -> Client:
    """A client of a Bedrock that counts for Sonnet 4.5."""
    assert model().count_tokens
    return bedrock


def invoke_input(text: str = "hello", **fields: Any) -> Json:  # noqa: ANN401
    return {"invokeModel": {"body": body_of(text, **fields)}}


def misnamed(name: str) -> Json:
    return {"tools": [{"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}}]}


def counted(today: str, requested: str) -> str:
    model_row = identify_counted(requested, region=REGION, account=ACCOUNT, today=today)
    return model_row.base_id


def refusal(today: str, requested: str) -> str:
    with pytest.raises(RefusedError) as refused:
        counted(today, requested)
    return f"{refused.value.name}: {refused.value.message}"


@pytest.mark.parametrize("marked", COUNTED, ids=lambda model: model.name)
def test_marked_models_are_counted_by_base_id_while_they_live(marked: Any) -> None:  # noqa: ANN401
    if marked.life.retired:
        assert refusal("2026-01-01", marked.base_id).startswith("ResourceNotFoundException")
        return
    arn = f"arn:aws:bedrock:{REGION}::foundation-model/{marked.base_id}"
    assert counted("2026-01-01", marked.base_id) == counted("2026-01-01", arn) == marked.base_id
    if marked.life.end_of_life:
        end = marked.life.end_of_life
        assert refusal(end, marked.base_id).startswith("ResourceNotFoundException")


def test_a_profile_of_a_counted_model_is_refused_and_an_unknown_id_is_unknown() -> None:
    base = "anthropic.claude-sonnet-4-20250514-v1:0"
    profile = f"arn:aws:bedrock:{REGION}:{ACCOUNT}"
    for requested in (
        f"us.{base}",
        f"{profile}:inference-profile/us.{base}",
        f"{profile}:application-inference-profile/abc123",
        "anthropic.claude-opus-4-7",
    ):
        assert refusal("2026-01-01", requested) == (
            "ValidationException: The provided model doesn't support counting tokens."
        )
    assert refusal("2026-01-01", "anthropic.claude-9").endswith("identifier is invalid.")


def test_boto3_raises_for_a_profile(bedrock: Client) -> None:
    with pytest.raises(bedrock.exceptions.ValidationException, match="support counting tokens"):
        bedrock.count_tokens(modelId=SONNET, input=invoke_input())


def test_both_inputs_count_as_the_inference_does(counter: Client) -> None:
    content = [TEXT, {"image": {"format": "png", "source": {"bytes": image()}}}]
    messages = [{"role": "user", "content": content}]
    request = {"messages": messages, "system": [{"text": "brief"}], "toolConfig": TOOLS}
    usage = counter.converse(modelId=SONNET, **request)["usage"]
    answer = counter.count_tokens(modelId=BASE, input={"converse": request})
    assert answer["inputTokens"] == usage["inputTokens"]
    body = body_of("hello", system="brief")
    invoked = json.loads(counter.invoke_model(modelId=SONNET, body=body)["body"].read())
    answer = counter.count_tokens(modelId=BASE, input=invoke_input(system="brief"))
    assert answer["inputTokens"] == invoked["usage"]["input_tokens"]


def test_a_count_is_not_logged(served: Served, counter: Client) -> None:
    unlogged = counter.count_tokens(modelId=BASE, input=invoke_input())
    logged = counter.invoke_model(modelId=SONNET, body=body_of())
    logged["body"].read()
    served.invocation(logged["ResponseMetadata"]["RequestId"])
    logged_ids = {invocation.request_id for invocation in served.delivered}
    assert unlogged["ResponseMetadata"]["RequestId"] not in logged_ids


def test_a_cached_prefix_counts_in_full_and_is_not_written(counter: Client) -> None:
    long = [{"text": "counted, never cached. " * 800}, {"cachePoint": {"type": "default"}}]
    request = {"messages": [user(TEXT)], "system": long}
    for _ in range(2):
        answer = counter.count_tokens(modelId=BASE, input={"converse": request})
        assert answer["inputTokens"] == 4601
    usage = counter.converse(modelId=SONNET, **request)["usage"]
    assert (usage["cacheReadInputTokens"], usage["cacheWriteInputTokens"]) == (0, 4600)


@pytest.mark.parametrize(
    ("count_input", "message"),
    [
        (invoke_input(max_tokens=None), "max_tokens: Field required"),
        (invoke_input(anthropic_version=None), "anthropic_version: Field required"),
        (invoke_input(model="claude"), "model: Extra inputs are not permitted"),
        (
            invoke_input(max_tokens=1024, thinking={"type": "enabled", "budget_tokens": 1024}),
            "`max_tokens` must be greater than `thinking.budget_tokens`",
        ),
        ({"invokeModel": {"body": "{"}}, "Malformed input request"),
        ({"converse": {}}, "A conversation must start with a user message"),
        ({"converse": {"messages": [assistant(TEXT)]}}, "must start with a user message"),
        (
            {"converse": {"messages": [user(TEXT)], "toolConfig": misnamed("a b")}},
            "Value 'a b' at 'input.converse.toolConfig.tools.1.member.toolSpec.name' failed",
        ),
    ],
)
def test_a_body_is_checked_as_for_an_inference(
    counter: Client, count_input: Json, message: str
) -> None:
    with pytest.raises(counter.exceptions.ValidationException) as raised:
        counter.count_tokens(modelId=BASE, input=count_input)
    assert message in raised.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("throttle", "ThrottlingException"),
        ("slow seconds=0.01]] [[fault: internal", "InternalServerException"),
        ("exception type=serviceUnavailableException", "ServiceUnavailableException"),
    ],
)
def test_a_fault_is_raised_here_too(counter: Client, fault: str, name: str) -> None:
    with pytest.raises(ClientError) as raised:
        counter.count_tokens(modelId=BASE, input=invoke_input(f"[[fault: {fault}]]"))
    assert raised.value.response["Error"]["Code"] == name


def test_a_cut_is_no_answer(counter: Client) -> None:
    with pytest.raises(ConnectionClosedError):
        counter.count_tokens(modelId=BASE, input=invoke_input("[[fault: cut after=0]]"))
