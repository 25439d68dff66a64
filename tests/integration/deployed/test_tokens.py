"""A token of the stage's issuer calls the endpoint, and every record names its holder."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from claude_bedrock.caller_sessions.session_name import session_name
from tests.integration.deployed.deployment import Answer, Deployment, eventually, message
from tests.unit.authorizer.local_issuer import AUDIENCE, LocalIssuer, local_issuer

DOWN = "http://127.0.0.1:9"
"""Nothing listens there: https://www.rfc-editor.org/rfc/rfc863"""


@pytest.fixture(scope="module")
def issuer(deployment: Deployment) -> Iterator[LocalIssuer]:
    """The issuer `local` of the stage, on a free port: the authorizer is told which."""
    client = deployment.client("lambda")
    name = deployment.output("Gateway", "AuthorizerName")
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    configured = json.loads(variables["TOKEN_ISSUERS"])
    assert [item["audience"] for item in configured] == [AUDIENCE]
    with local_issuer() as running:
        [local] = ({**item, "url": running.url} for item in configured)
        by_claim = {"team_claim": "groups", "teams": ["search", "support"]}
        others = [
            {**local, "name": "by-team", "audience": "by-team", **by_claim},
            {**local, "name": "down", "url": DOWN},
        ]
        moved = json.dumps([local, *others])
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": {**variables, "TOKEN_ISSUERS": moved}}
        )
        yield running
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def call(deployment: Deployment, token: str, header: str = "authorization") -> Answer:
    credential = f"Bearer {token}" if header == "authorization" else token
    headers = {"content-type": "application/json", header: credential}
    body = json.dumps(message("Who am I?")).encode()
    return deployment.call("POST", "/v1/messages", body, headers)


@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
def test_record_and_audit_entry_name_the_holder_of_a_token(
    deployment: Deployment, issuer: LocalIssuer, header: str
) -> None:
    answer = call(deployment, issuer.token(sub="ada@example.com"), header)

    assert answer.status == 200, answer.body
    request_id = answer.headers["x-amzn-requestid"]
    entry = deployment.audit_line(gateway_request_id=request_id)
    assert (entry["caller"], entry["token_issuer"]) == ("ada@example.com", "local")
    assert not {"api_key_id", "api_key_name"} & {*entry}
    record = invocation_record(deployment, request_id)
    assert record["identity"]["arn"].rpartition("/")[2] == session_name("local:ada@example.com")
    metadata = record["requestMetadata"]
    assert (metadata["caller"], metadata["token_issuer"]) == ("ada@example.com", "local")
    assert "api_key_id" not in metadata


def invocation_record(deployment: Deployment, request_id: str) -> dict[str, Any]:
    client = deployment.client("logs")
    group = deployment.output("InvocationLogging", "LogGroupName")

    def find_entry() -> dict[str, Any] | None:
        events = client.filter_log_events(logGroupName=group, filterPattern=f'"{request_id}"')
        return next((json.loads(event["message"]) for event in events["events"]), None)

    return eventually(find_entry)


def test_a_claim_chooses_the_team_that_pays(deployment: Deployment, issuer: LocalIssuer) -> None:
    answer = call(deployment, issuer.token(aud="by-team", groups=["staff", "support"]))

    assert answer.status == 200, answer.body
    entry = deployment.audit_line(gateway_request_id=answer.headers["x-amzn-requestid"])
    assert (entry["team"], entry["token_issuer"]) == ("support", "by-team")
    assert "application-inference-profile/" in entry["inference_profile_arn"]
    record = invocation_record(deployment, answer.headers["request-id"])
    assert record["requestMetadata"]["team"] == "support"


def test_an_issuer_that_is_down_is_a_503_for_its_tokens_alone(
    deployment: Deployment, issuer: LocalIssuer
) -> None:
    answer = call(deployment, issuer.token(iss=DOWN))

    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["error"]["type"] == "api_error"
    assert call(deployment, issuer.token()).status == 200
    assert deployment.ask("Hi").status == 200


def test_a_token_that_has_ended_is_a_401_after_which_a_client_fetches_another(
    deployment: Deployment, issuer: LocalIssuer
) -> None:
    answer = call(deployment, issuer.token(exp=int(time.time()) - 120))

    assert answer.status == 401
    assert answer.json()["error"]["type"] == "authentication_error"
    assert "x-should-retry" not in answer.headers


def test_a_token_without_a_name_that_a_record_takes_is_a_403(
    deployment: Deployment, issuer: LocalIssuer
) -> None:
    answer = call(deployment, issuer.token(sub="ad|a"))

    assert (answer.status, answer.json()["error"]["type"]) == (403, "permission_error")


def test_the_key_by_which_an_issuer_is_counted_opens_nothing(
    deployment: Deployment, issuer: LocalIssuer
) -> None:
    keys = deployment.client("apigateway").get_api_keys(includeValues=True, limit=500)["items"]
    [value] = [key["value"] for key in keys if key["name"].startswith("token-issuer-local-of-")]

    assert issuer.url
    assert value.startswith("cobt")
    assert value.isalnum()
    for header in ("authorization", "x-api-key"):
        assert call(deployment, value, header).status == 401
