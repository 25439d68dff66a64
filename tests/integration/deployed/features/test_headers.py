"""What stands beside the prompt: tier, latency, guardrail and whose call it is, in both formats."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import anthropic
import pytest
from botocore.exceptions import ClientError

from claude_bedrock.records.invocation_records import Records
from tests.integration.deployed.deployment import Deployment
from tests.integration.deployed.features.conftest import Json, recorded
from tests.integration.deployed.features.request_fields import HAIKU, conversed, message_request

BODY = {"anthropic_version": "bedrock-2023-05-31", **message_request("Hi")}
del BODY["model"]
INVOKED: Json = {"modelId": HAIKU, "body": json.dumps(BODY)}
EDITS = "context-management-2025-06-27"
BINDING = "thinking-binding-controls-2026-08-01"
NO_GUARDRAIL = "The guardrail identifier or version provided in the request does not exist"
NO_SUCH_TIER = "the service tiers of this endpoint are default, reserved"
PROJECT = "x-amzn-bedrock-projectidentifier"
TIER = "x-amzn-bedrock-service-tier"
LATENCY = "x-amzn-bedrock-performanceconfig-latency"
NO_TIER = "Reservation not found"
NO_LATENCY = "Latency performance configuration is not supported for anthropic.claude-haiku-4-5"


def test_a_tier_and_a_latency_are_requested_and_reported(
    messages: anthropic.Anthropic,
    bedrock: Any,  # noqa: ANN401
) -> None:
    headers = {TIER: "default", LATENCY: "standard"}
    by_messages = messages.beta.messages.with_raw_response.create(
        **message_request("Hi"), extra_headers=headers
    )
    by_invoke = bedrock.invoke_model(
        **INVOKED, serviceTier="default", performanceConfigLatency="standard"
    )
    conversation = bedrock.converse(
        **conversed({"text": "Hi"}),
        serviceTier={"type": "default"},
        performanceConfig={"latency": "standard"},
    )

    for response_headers in (by_messages.headers, by_invoke["ResponseMetadata"]["HTTPHeaders"]):
        assert (response_headers[TIER], response_headers[LATENCY]) == ("default", "standard")
    assert conversation["serviceTier"] == {"type": "default"}
    assert conversation["performanceConfig"] == {"latency": "standard"}


def test_what_claude_does_not_have_of_them_is_bedrocks_refusal(
    messages: anthropic.Anthropic,
    bedrock: Any,  # noqa: ANN401
) -> None:
    for name, value, words in ((TIER, "reserved", NO_TIER), (LATENCY, "optimized", NO_LATENCY)):
        with pytest.raises(anthropic.BadRequestError, match=words):
            messages.beta.messages.create(**message_request("Hi"), extra_headers={name: value})
    with pytest.raises(ClientError, match=NO_TIER):
        bedrock.invoke_model(**INVOKED, serviceTier="reserved")
    with pytest.raises(ClientError, match=NO_LATENCY):
        fields = conversed({"text": "Hi"})
        bedrock.converse(**fields, performanceConfig={"latency": "optimized"})


def send_header_lines(deployment: Deployment, *lines: tuple[str, str]) -> http.client.HTTPResponse:
    """The answer to a request with these header lines, which no client folds into one."""
    url = urlsplit(deployment.endpoint["http_url"])
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    fields = {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}
    body = json.dumps(message_request("Hi", model="claude-opus-4-8", **fields)).encode()
    connection.putrequest("POST", f"{url.path}/v1/messages")
    for name, value in (*lines, ("content-type", "application/json")):
        connection.putheader(name, value)
    connection.putheader("content-length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_each_line_of_a_header_counts(deployment: Deployment) -> None:
    key = ("x-api-key", deployment.key)
    betas = [("anthropic-beta", "new-2027-01-01"), ("anthropic-beta", EDITS)]
    answer = send_header_lines(deployment, key, key, *betas, ("anthropic-beta", BINDING))
    assert (answer.status, answer.headers["x-gateway-adapted"]) == (200, "beta:new-2027-01-01")

    assert send_header_lines(deployment, key, ("x-api-key", "another")).status == 401


def test_a_tier_is_in_the_audit_entry(
    messages: anthropic.Anthropic, deployment: Deployment
) -> None:
    answered = messages.beta.messages.with_raw_response.create(**message_request("Hi"))
    with pytest.raises(anthropic.BadRequestError, match=NO_TIER) as refused:
        messages.beta.messages.create(**message_request("Hi"), extra_headers={TIER: "reserved"})
    for response, noted in ((answered, "default"), (refused.value.response, "reserved")):
        line = deployment.audit_line(bedrock_request_id=response.headers["request-id"])
        assert (line["service_tier"], line["project_id"]) == (noted, "default")


def test_a_tier_that_the_stage_does_not_list_is_refused(
    messages: anthropic.Anthropic,
    bedrock: Any,  # noqa: ANN401
) -> None:
    headers = {"X-Amzn-Bedrock-Service-Tier": "priority"}
    with pytest.raises(anthropic.BadRequestError, match=NO_SUCH_TIER):
        messages.beta.messages.create(**message_request("Hi"), extra_headers=headers)
    with pytest.raises(anthropic.BadRequestError, match=NO_SUCH_TIER):
        messages.beta.messages.create(
            **message_request("Hi"), extra_body={"service_tier": "priority"}
        )
    with pytest.raises(ClientError, match=f"ValidationException.*{NO_SUCH_TIER}"):
        bedrock.invoke_model(**INVOKED, serviceTier="priority")
    with pytest.raises(ClientError, match=f"ValidationException.*{NO_SUCH_TIER}"):
        bedrock.converse(**conversed({"text": "Hi"}), serviceTier={"type": "priority"})


def test_the_project_is_not_the_callers(
    messages: anthropic.Anthropic,
    bedrock: Any,  # noqa: ANN401
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=PROJECT):
        messages.beta.messages.create(
            **message_request("Hi"), extra_headers={PROJECT: "proj_another"}
        )
    with (
        _adding(bedrock, PROJECT, "proj_another"),
        pytest.raises(ClientError, match=f"ValidationException.*{PROJECT}"),
    ):
        bedrock.invoke_model(**INVOKED)


@contextmanager
def _adding(client: Any, name: str, value: str) -> Iterator[None]:  # noqa: ANN401
    """A header that the installed SDK does not know yet, in each request of InvokeModel."""

    def add(params: dict[str, Any], **_: object) -> None:
        params["headers"][name] = value

    event = "before-call.bedrock-runtime.InvokeModel"
    client.meta.events.register(event, add)
    yield
    client.meta.events.unregister(event, add)


def test_anthropics_own_tier_is_left_out_and_that_is_reported(
    messages: anthropic.Anthropic,
) -> None:
    fields = message_request("Hi", service_tier="auto")
    answer = messages.beta.messages.with_raw_response.create(**fields)

    assert answer.headers["x-gateway-adapted"] == "field:service_tier"


@pytest.mark.parametrize("stream", [False, True])
def test_a_guardrail_reaches_bedrock(
    messages: anthropic.Anthropic,
    bedrock: Any,  # noqa: ANN401
    stream: bool,
) -> None:
    headers = {
        "X-Amzn-Bedrock-GuardrailIdentifier": "mine",
        "X-Amzn-Bedrock-GuardrailVersion": "1",
    }
    named = {"guardrailIdentifier": "mine", "guardrailVersion": "1"}
    invoke = bedrock.invoke_model_with_response_stream if stream else bedrock.invoke_model
    converse = bedrock.converse_stream if stream else bedrock.converse

    with pytest.raises(anthropic.BadRequestError, match=NO_GUARDRAIL):
        messages.beta.messages.create(**message_request("Hi"), stream=stream, extra_headers=headers)
    with pytest.raises(ClientError, match=f"ValidationException.*{NO_GUARDRAIL}"):
        invoke(**INVOKED, **named)
    with pytest.raises(ClientError, match=f"ValidationException.*{NO_GUARDRAIL}"):
        converse(**conversed({"text": "Hi"}), guardrailConfig=named)


def test_forged_metadata_is_on_record_as_the_clients(
    messages: anthropic.Anthropic,
    bedrock: Any,  # noqa: ANN401
    deployment: Deployment,
    records: Records,
) -> None:
    forged = {"api_key_id": "k", "api_key_name": "boss", "gateway_request_id": "g", "team": "a"}
    header = {"X-Amzn-Bedrock-Request-Metadata": json.dumps(forged)}
    by_messages = messages.beta.messages.with_raw_response.create(
        **message_request("Hi"), extra_headers=header
    )
    answers = [
        bedrock.invoke_model(**INVOKED, requestMetadata=json.dumps(forged)),
        bedrock.converse(**conversed({"text": "Hi"}), requestMetadata=forged),
    ]
    headers = [
        by_messages.headers,
        *(answer["ResponseMetadata"]["HTTPHeaders"] for answer in answers),
    ]

    for response_headers in headers:
        line = deployment.audit_line(bedrock_request_id=response_headers["request-id"])
        assert recorded(records, response_headers["request-id"])["requestMetadata"] == {
            **{f"client_{name}": value for name, value in forged.items()},
            **{name: line[name] for name in ("api_key_id", "api_key_name", "gateway_request_id")},
        }
        assert line["api_key_name"] == "default"
