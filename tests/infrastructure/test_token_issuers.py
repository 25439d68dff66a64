"""A stage with token issuers: what its authorizer is given, and the key that counts for each."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.infrastructure.rendering import text
from token_issuers.issuer import parse_issuers
from tools.synthesis import Resource, Synthesis


def authorizer(synthesis: Synthesis) -> Resource:
    [function] = [
        each
        for each in synthesis.resources("Gateway", "AWS::Lambda::Function")
        if each.properties["Handler"] == "authorizer.handler.handle"
    ]
    return function


def test_the_authorizer_reads_what_the_stack_writes(local: Synthesis) -> None:
    [issuer] = parse_issuers(
        text(authorizer(local).properties["Environment"]["Variables"]["TOKEN_ISSUERS"])
    )
    configured = local.settings.callers.token_issuers[issuer.name]
    assert (issuer.url, issuer.audience) == (configured.issuer, configured.audience)
    assert (issuer.caller_claim, issuer.plan, issuer.required) == ("sub", "default", {})


def test_the_key_of_an_issuer_has_the_value_that_the_authorizer_answers_with(
    local: Synthesis,
) -> None:
    [key] = [
        each
        for each in local.resources("Gateway", "AWS::ApiGateway::ApiKey")
        if "Value" in each.properties
    ]
    [issuer] = parse_issuers(
        text(authorizer(local).properties["Environment"]["Variables"]["TOKEN_ISSUERS"])
    )
    assert text(key.properties["Value"]) == issuer.usage_key
    assert re.match(r"cobt[0-9a-f]{16}", issuer.usage_key)
    assert not key.properties["Name"].startswith("claude-on-bedrock-")
    in_plans: list[Any] = [
        each.properties["KeyId"]["Ref"]
        for each in local.resources("Gateway", "AWS::ApiGateway::UsagePlanKey")
    ]
    assert in_plans.count(key.id) == 1


def test_without_issuers_the_authorizer_ships_and_has_nothing_more(
    dev: Synthesis, local: Synthesis
) -> None:
    assert "Environment" not in authorizer(dev).properties
    components = {
        stage.stage: {
            component["name"]
            for bill in stage.bills().values()
            if bill["metadata"]["component"]["name"] == "authorizer"
            for component in bill["components"]
        }
        for stage in (dev, local)
    }
    assert components["dev"] == {"authorizer"}
    added = {"token_issuers", "pyjwt", "cryptography", "cffi", "pycparser"}
    assert components["local"] == {"authorizer"} | added


@pytest.mark.parametrize(("stage", "should_retry"), [("dev", "'false'"), ("local", None)])
def test_only_where_tokens_are_taken_does_a_401_let_a_client_fetch_another(
    stage: str, should_retry: str | None, dev: Synthesis, local: Synthesis
) -> None:
    responses = {
        each.properties["ResponseType"]: each.properties
        for each in {"dev": dev, "local": local}[stage].resources(
            "Gateway", "AWS::ApiGateway::GatewayResponse"
        )
    }
    parameters = responses["UNAUTHORIZED"]["ResponseParameters"]
    assert parameters.get("gatewayresponse.header.x-should-retry") == should_retry
    status = "503" if stage == "local" else "500"
    assert responses["AUTHORIZER_FAILURE"]["StatusCode"] == status
