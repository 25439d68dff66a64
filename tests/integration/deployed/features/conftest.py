"""The two formats of the endpoint, each through the client that applications use for it."""

import json
import ssl
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import anthropic
import boto3
import pytest
from botocore.config import Config

from claude_bedrock.cli.logs.call_records import find
from claude_bedrock.cli.shared.record_sources import records_of
from claude_bedrock.records.invocation_records import Records
from tests.integration.deployed.deployment import Deployment, eventually

Json = dict[str, Any]


class MessageResponse(NamedTuple):
    """An answer: Anthropic's message, and the headers that came with it (lower case)."""

    message: Json
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        return "".join(part["text"] for part in self.message["content"] if part["type"] == "text")

    @property
    def request_id(self) -> str:
        return self.headers["request-id"]


class Format(Protocol):
    """A request of Anthropic's fields, `model` among them, sent in one of the two formats."""

    def ask(self, **fields: Any) -> MessageResponse: ...  # noqa: ANN401

    def stream(self, **fields: Any) -> list[Json]: ...  # noqa: ANN401


class Messages:
    """POST /v1/messages by anthropic's SDK."""

    def __init__(self, client: anthropic.Anthropic) -> None:
        self._client = client

    def ask(self, **fields: Any) -> MessageResponse:  # noqa: ANN401
        answer = self._client.beta.messages.with_raw_response.create(**fields)
        message: Json = json.loads(answer.http_response.content)
        return MessageResponse(message, answer.headers)

    def stream(self, **fields: Any) -> list[Json]:  # noqa: ANN401
        with self._client.beta.messages.create(**fields, stream=True) as events:
            return [event.model_dump(mode="json", exclude_none=True) for event in events]


class Invoke:
    """InvokeModel and its stream by boto3."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - boto3 makes its classes at run time
        self._client = client

    def ask(self, **fields: Any) -> MessageResponse:  # noqa: ANN401
        answer = self._client.invoke_model(**_invocation(fields))
        return MessageResponse(
            json.loads(answer["body"].read()), answer["ResponseMetadata"]["HTTPHeaders"]
        )

    def stream(self, **fields: Any) -> list[Json]:  # noqa: ANN401
        answer = self._client.invoke_model_with_response_stream(**_invocation(fields))
        return [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]


def _invocation(fields: Json) -> Json:
    body = {"anthropic_version": "bedrock-2023-05-31", **fields}
    if "betas" in body:
        body["anthropic_beta"] = body.pop("betas")
    return {"modelId": body.pop("model"), "body": json.dumps(body)}


@pytest.fixture(scope="session")
def messages(deployment: Deployment) -> Iterator[anthropic.Anthropic]:
    trust = ssl.create_default_context(cafile=deployment.endpoint["ca_bundle"])
    with anthropic.Anthropic(
        base_url=deployment.endpoint["url"],
        api_key=deployment.key,
        max_retries=0,
        http_client=anthropic.DefaultHttpxClient(verify=trust),
    ) as client:
        yield client


@pytest.fixture(autouse=True)
def _bearer_token(monkeypatch: pytest.MonkeyPatch, deployment: Deployment) -> None:
    """boto3 looks for it at each request; clients of other tests must not find it."""
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", deployment.key)


@pytest.fixture(scope="session")
def bedrock(deployment: Deployment) -> Iterator[Any]:
    """boto3's bedrock-runtime with the endpoint's key as its bearer token."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_BEARER_TOKEN_BEDROCK", deployment.key)
        make: Any = boto3.Session(region_name=deployment.endpoint["region"]).client
        client = make(
            "bedrock-runtime",
            endpoint_url=deployment.endpoint["url"],
            verify=deployment.endpoint["ca_bundle"],
            config=Config(retries={"total_max_attempts": 1}),
        )
    yield client
    client.close()


@pytest.fixture(params=[Messages, Invoke])
def form(request: pytest.FixtureRequest, messages: anthropic.Anthropic, bedrock: Any) -> Format:  # noqa: ANN401
    made: Format = Messages(messages) if request.param is Messages else Invoke(bedrock)
    return made


@pytest.fixture(scope="session")
def records(deployment: Deployment) -> Records:
    return records_of(deployment.stage())


def recorded(records: Records, request_id: str) -> Json:
    """Bedrock's record of a call, as CloudWatch Logs has it."""

    def read_record() -> Json | None:
        in_logs = find(records, request_id, hours=1).in_logs
        return dict(in_logs) if in_logs else None

    return eventually(read_record)
