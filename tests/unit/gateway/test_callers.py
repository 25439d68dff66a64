"""Who called, as the audit line and Bedrock's record have it."""

import json
from typing import Any

import pytest

from gateway.caller import from_event_context
from gateway.settings import Settings, SettingsError, load
from tests.unit.gateway.conftest import ENVIRONMENT, MODEL, Caller, audit_line
from tests.unit.gateway.fakes import SentResponse

ARN = "arn:aws:sts::123456789012:assumed-role/app/nightly"


def send(caller: Caller, **context: object) -> SentResponse:
    body = {"model": MODEL, "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}
    return caller.send_event(
        {
            "httpMethod": "POST",
            "path": "/v1/messages",
            "headers": {"content-type": "application/json"},
            "requestContext": {"requestId": "gw-1", **context},
            "body": json.dumps(body),
        }
    )


def metadata(caller: Caller) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(
        caller.bedrock.sent[-1].headers["x-amzn-bedrock-request-metadata"]
    )
    return sent


@pytest.mark.parametrize(
    ("key_id", "carried", "name"),
    [
        ("key1", "", "team-a"),
        ("key1", "other", "team-a"),  # the stack's own word counts first
        ("key2", "search.nightly", "search.nightly"),
        ("key2", "", None),
    ],
)
def test_a_keys_name_is_the_stacks_else_the_one_it_carries(
    caller: Caller,
    capsys: pytest.CaptureFixture[str],
    key_id: str,
    carried: str,
    name: str | None,
) -> None:
    send(caller, identity={"apiKeyId": key_id}, authorizer={"keyName": carried})

    assert audit_line(capsys).get("api_key_name") == name
    assert metadata(caller).get("api_key_name") == name
    assert "caller_arn" not in metadata(caller)


def test_who_signed_is_in_the_record_and_not_in_the_response(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = send(caller, identity={"userArn": ARN, "apiKeyId": None}, authorizer=None)

    assert audit_line(capsys)["caller_arn"] == ARN
    assert metadata(caller) == {"caller_arn": ARN, "gateway_request_id": "gw-1"}
    assert "123456789012" not in f"{answer.headers} {answer.body!r}"


def test_what_bedrock_does_not_take_in_metadata_is_replaced(caller: Caller) -> None:
    path = "a!" * 200
    send(caller, identity={"userArn": f"arn:aws:iam::123456789012:user/{path}"})

    sent = metadata(caller)["caller_arn"]
    assert sent.startswith("arn:aws:iam::123456789012:user/a_a_")
    assert len(sent) == 256


def test_a_token_names_its_caller_and_not_the_key_it_counts_against(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    authorizer = {"caller": "ana@example.com", "team": "search", "tokenIssuer": "okta"}
    send(caller, identity={"apiKeyId": "key1"}, authorizer=authorizer)

    assert metadata(caller) == {
        "caller": "ana@example.com",
        "token_issuer": "okta",
        "team": "search",
        "gateway_request_id": "gw-1",
    }
    entry = audit_line(capsys)
    assert (entry["caller"], entry["team"], entry["token_issuer"]) == (
        "ana@example.com",
        "search",
        "okta",
    )
    assert "api_key_id" not in entry


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (ARN, "app/nightly"),
        ("arn:aws:iam::123456789012:user/division/ana", "user:ana"),
        ("arn:aws:iam::123456789012:root", "account:root"),
    ],
)
def test_a_signed_request_names_its_caller(arn: str, name: str) -> None:
    signer = from_event_context({"identity": {"userArn": arn}})

    assert (signer.name, signer.credential, signer.api_key_name) == (name, "iam", "")


def test_a_plan_with_a_list_has_only_its_models(settings: Settings) -> None:
    plans = {"trial": frozenset({"claude-opus-4-5"})}
    caller = Caller(settings._replace(plan_models=plans))
    trial = {"identity": {"apiKeyId": "key2"}, "authorizer": {"plan": "trial"}}
    others = {**trial, "authorizer": {"plan": "batch"}}

    refused = send(caller, **trial)

    error = refused.json()["error"]
    assert (refused.status, error["type"]) == (403, "permission_error")
    assert error["message"].endswith("Offered: claude-opus-4-5.")
    assert not caller.bedrock.sent
    assert send(caller, **others).status == 200
    assert ids(caller, trial) == ["claude-opus-4-5"]
    assert ids(caller, others) == ["claude-opus-4-5", MODEL]


def ids(caller: Caller, context: dict[str, Any]) -> list[str]:
    event = {"httpMethod": "GET", "path": "/v1/models", "headers": {}}
    listed = caller.send_event({**event, "requestContext": {"requestId": "gw-1", **context}})
    return [model["id"] for model in listed.json()["data"]]


def test_a_function_reads_the_plans_that_have_models() -> None:
    models = {"ALLOWED_MODELS": f"{MODEL},claude-opus-4-5"}
    loaded = load({**ENVIRONMENT, **models, "PLAN_LIMITS": '{"trial":{"models":[1]},"batch":{}}'})

    assert loaded.plan_models == {"trial": {"claude-opus-4-5"}}
    with pytest.raises(SettingsError, match="PLAN_LIMITS must be"):
        load({**ENVIRONMENT, **models, "PLAN_LIMITS": '{"trial":{"models":[2]}}'})
