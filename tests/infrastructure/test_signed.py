"""A stage whose auth is iam: signed requests instead of keys, and nothing that keys would need."""

from __future__ import annotations

import json

import pytest

from stacks.components.api.error_responses import SIGNED_REFUSALS
from tests.infrastructure.rendering import text, texts
from tests.infrastructure.test_gateway import ERROR_TYPES, OPEN, STACK, methods, responses
from tools.synthesis import Synthesis, synthesize


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesize("dev", tmp_path_factory.mktemp("signed"), auth="iam", quota=None)


def test_every_route_but_the_open_doors_requires_a_signature(signed: Synthesis) -> None:
    routes = methods(signed)
    opened = {route for route, method in routes.items() if method["AuthorizationType"] == "NONE"}
    assert opened == OPEN
    authorized = [method for route, method in routes.items() if route not in opened]
    assert len(authorized) == 3
    assert {method["AuthorizationType"] for method in authorized} == {"AWS_IAM"}
    assert not any(method.get("ApiKeyRequired") for method in routes.values())


def test_there_is_nothing_that_keys_would_need(signed: Synthesis) -> None:
    types = {resource.type for resource in signed.resources(STACK)}
    assert not types & {
        "AWS::ApiGateway::ApiKey",
        "AWS::ApiGateway::UsagePlan",
        "AWS::ApiGateway::Authorizer",
        "AWS::Events::Rule",
    }
    assert "ApiKeySourceType" not in signed.only(STACK, "AWS::ApiGateway::RestApi").properties
    functions = signed.resources(STACK, "AWS::Lambda::Function")
    handlers = {function.properties["Handler"] for function in functions}
    assert handlers == {"gateway.handler.handle", "api_log_role.handler.handle"}


def test_the_stages_throttle_holds_for_every_method(signed: Synthesis) -> None:
    settings = signed.only(STACK, "AWS::ApiGateway::Stage").properties["MethodSettings"]
    (general,) = [setting for setting in settings if setting["ResourcePath"] == "/*"]
    assert general["HttpMethod"] == "*"
    assert (general["ThrottlingRateLimit"], general["ThrottlingBurstLimit"]) == (10, 20)


def test_the_policy_opens_this_stage_of_this_api_and_no_more(signed: Synthesis) -> None:
    (policy,) = [
        resource
        for resource in signed.resources(STACK, "AWS::IAM::ManagedPolicy")
        if resource.id.startswith("InvokeEndpoint")
    ]
    (statement,) = policy.properties["PolicyDocument"]["Statement"]
    api = signed.only(STACK, "AWS::ApiGateway::RestApi").id
    where = f"arn:aws:execute-api:us-east-1:123456789012:<{api}>/dev"
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == "execute-api:Invoke"
    assert set(texts(statement["Resource"])) == {f"{where}/GET/*", f"{where}/POST/*"}
    output = signed.template(STACK)["Outputs"]["InvokeEndpointPolicyArn"]["Value"]
    assert text(output) == f"<{policy.id}>"


def test_refusals_are_anthropics_and_speak_of_signatures(signed: Synthesis) -> None:
    refusals = responses(signed)
    assert set(refusals) == set(SIGNED_REFUSALS)
    for name, response in refusals.items():
        body = json.loads(response["ResponseTemplates"]["application/json"])
        if name not in ("DEFAULT_4XX", "DEFAULT_5XX", "BAD_REQUEST_BODY"):
            assert body["error"]["type"] == ERROR_TYPES[int(response["StatusCode"])]
        assert " key" not in body["message"]
    for name in ("MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "EXPIRED_TOKEN"):
        assert refusals[name]["StatusCode"] == "401"
    assert refusals["ACCESS_DENIED"]["StatusCode"] == "403"


def test_the_access_log_names_who_signed(signed: Synthesis) -> None:
    stage = signed.only(STACK, "AWS::ApiGateway::Stage").properties
    written = json.loads(stage["AccessLogSetting"]["Format"])
    assert written["callerArn"] == "$context.identity.userArn"
    assert written["caller"] == "$context.identity.caller"


def test_no_finding_is_open(signed: Synthesis) -> None:
    reports = signed.report()["pluginReports"]
    assert [report["violations"] for report in reports] == [[]] * len(reports)


def test_outputs_list_what_the_endpoint_requires(signed: Synthesis, prod: Synthesis) -> None:
    outputs = signed.template(STACK)["Outputs"]
    assert outputs["Auth"]["Value"] == "iam"
    assert not {"UsagePlanIds", "ApiKeyIds", "ApiKeyExpiryName"} & set(outputs)
    assert prod.template(STACK)["Outputs"]["Auth"]["Value"] == "key"
