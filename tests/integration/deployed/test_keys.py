"""Who is let in: keys that are missing, wrong, revoked, too fast or used up."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import pytest

from tests.integration.deployed.deployment import Answer, Deployment, eventually, message

BODY = json.dumps(message("Hi")).encode()


class MadeKey(NamedTuple):
    id: str
    value: str


MakeKey = Callable[..., MadeKey]


@pytest.fixture
def make_key(deployment: Deployment) -> Iterator[MakeKey]:
    """Makes a key, in a usage plan of its own with these limits; the front knows it on return."""
    client, made = deployment.client("apigateway"), list[tuple[str, str]]()

    def make(**limits: Mapping[str, Any]) -> MadeKey:
        stage = {
            "apiId": deployment.output("Gateway", "ApiId"),
            "stage": deployment.output("Gateway", "ApiStage"),
        }
        key = client.create_api_key(name=f"test-{len(made)}", enabled=True)
        plan = client.create_usage_plan(name=f"test-{len(made)}", apiStages=[stage])
        made.append((key["id"], plan["id"]))
        client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
        eventually(lambda: listed(deployment, key["value"]) == 200)
        patches = [
            {"op": "replace", "path": f"/{limit}/{name}", "value": str(value)}
            for limit, values in limits.items()
            for name, value in values.items()
        ]
        if patches:
            client.update_usage_plan(usagePlanId=plan["id"], patchOperations=patches)
        return MadeKey(key["id"], key["value"])

    yield make
    for key_id, plan_id in made:
        with suppress(client.exceptions.NotFoundException):
            client.delete_api_key(apiKey=key_id)
        client.delete_usage_plan(usagePlanId=plan_id)


def listed(deployment: Deployment, key: str) -> int:
    """The status of a call that needs a key and asks Bedrock nothing."""
    return deployment.call("GET", "/v1/models", headers={"x-api-key": key}).status


def refused(answer: Answer, status: int, kind: str) -> Answer:
    """The answer, which must be an error as Anthropic writes it."""
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert (body["type"], body["error"]["type"]) == ("error", kind)
    assert body["error"]["message"]
    assert body["request_id"] == answer.headers["request-id"]
    return answer


@pytest.mark.parametrize(
    ("headers", "should_retry"),
    [
        ({}, None),  # the stage has a token issuer: a client may fetch a token
        ({"x-api-key": ""}, None),
        ({"x-api-key": "wrong"}, "false"),
        ({"authorization": "Bearer wrong"}, "false"),
        ({"authorization": "Basic d3Jvbmc6"}, None),
    ],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/models", "/anything"])
def test_without_a_good_key_a_request_is_refused(
    deployment: Deployment, path: str, headers: dict[str, str], should_retry: str | None
) -> None:
    answer = refused(deployment.call("POST", path, BODY, headers), 401, "authentication_error")

    assert answer.headers.get("x-should-retry") == should_retry


@pytest.mark.parametrize("how", ["disabled", "deleted"])
def test_a_revoked_key_is_refused_without_a_restart(
    deployment: Deployment, make_key: MakeKey, how: str
) -> None:
    key, client = make_key(), deployment.client("apigateway")
    if how == "deleted":
        client.delete_api_key(apiKey=key.id)
    else:
        off = {"op": "replace", "path": "/enabled", "value": "false"}
        client.update_api_key(apiKey=key.id, patchOperations=[off])

    eventually(lambda: listed(deployment, key.value) != 200)
    answer = deployment.ask("Hi", key=key.value)

    assert refused(answer, 401, "authentication_error").headers["x-should-retry"] == "false"


def test_past_the_plans_throttle_a_key_is_answered_when_to_retry(
    deployment: Deployment, make_key: MakeKey
) -> None:
    key = make_key(throttle={"rateLimit": 0.001, "burstLimit": 1})

    eventually(lambda: listed(deployment, key.value) == 429)
    answer = refused(deployment.ask("Hi", key=key.value), 429, "rate_limit_error")

    assert answer.headers["retry-after"] == "1"
    assert listed(deployment, deployment.key) == 200


def test_past_its_quota_a_key_is_answered_not_to_retry(
    deployment: Deployment, make_key: MakeKey
) -> None:
    key = make_key(quota={"limit": 1, "period": "MONTH"})

    eventually(lambda: listed(deployment, key.value) == 429)
    answer = refused(deployment.ask("Hi", key=key.value), 429, "rate_limit_error")

    assert answer.headers["retry-after"] == "3600"
    assert answer.headers["x-should-retry"] == "false"


def test_health_requires_no_key(deployment: Deployment) -> None:
    assert deployment.call("GET", "/health").status == 200


@pytest.mark.parametrize("path", ["/", "/v1/nope", "/v1/messages/nope"])
def test_an_unknown_route_is_anthropics_404(deployment: Deployment, path: str) -> None:
    answer = deployment.call("GET", path, headers={"x-api-key": deployment.key})

    refused(answer, 404, "not_found_error")


@pytest.mark.parametrize("size", [5_000_001, 6_291_456, 10_485_761])
def test_too_large_a_body_is_anthropics_413(deployment: Deployment, size: int) -> None:
    """The stage's own limit, Lambda's, API Gateway's."""
    filler = b"x" * (size - len(BODY))
    body = BODY.replace(b"Hi", b"Hi" + filler)
    headers = {"x-api-key": deployment.key, "content-type": "application/json"}

    refused(deployment.call("POST", "/v1/messages", body, headers), 413, "request_too_large")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}',
        b'{"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "Hi"}]}',
        b'{"model": "claude-sonnet-4-5", "max_tokens": 1, "messages": []}',
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_bad_body_is_refused_by_api_gateway_and_by_the_function(
    deployment: Deployment, body: bytes, kind: str
) -> None:
    headers = {"x-api-key": deployment.key, "content-type": kind}

    refused(deployment.call("POST", "/v1/messages", body, headers), 400, "invalid_request_error")
