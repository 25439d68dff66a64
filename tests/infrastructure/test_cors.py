"""What a stage's cors_origins add to the API, and that without them there is nothing of it."""

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template

from gateway import cors
from stacks.components.api import error_responses
from stacks.components.api.streaming_api import PREFLIGHT_RATE_PER_SECOND, StreamingApi

ONE_ORIGIN, TWO = ["https://a.example.com"], ["https://a.example.com", "http://localhost:3000"]
FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:"


def api(origins: list[str], *, by_key: bool) -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "S", env=cdk.Environment(account="1" * 12, region="us-east-1"))
    StreamingApi(
        stack,
        "Api",
        name="n",
        stage_name="dev",
        function=lambda_.Function.from_function_arn(stack, "F", f"{FUNCTION}f"),
        authorizer_function=lambda_.Function.from_function_arn(stack, "A", f"{FUNCTION}a")
        if by_key
        else None,
        throttle=None,
        access_log=logs.LogGroup(stack, "L"),
        cors_origins=origins,
    )
    return dict(Template.from_stack(stack).to_json())


@pytest.mark.parametrize(("origins", "by_key"), [(ONE_ORIGIN, True), (TWO, True), (TWO, False)])
def test_every_resource_has_a_preflight_and_every_refusal_can_be_read(
    origins: list[str], *, by_key: bool
) -> None:
    resources = api(origins, by_key=by_key)["Resources"].values()
    methods = [
        resource["Properties"]
        for resource in resources
        if resource["Type"] == "AWS::ApiGateway::Method"
    ]
    preflights = [method for method in methods if method["HttpMethod"] == "OPTIONS"]
    assert {method["AuthorizationType"] for method in preflights} == {"NONE"}
    assert not any(method.get("ApiKeyRequired") for method in preflights)
    with_others = {json.dumps(method["ResourceId"]) for method in methods}
    assert {json.dumps(method["ResourceId"]) for method in preflights} == with_others
    (stage,) = [
        resource["Properties"]
        for resource in resources
        if resource["Type"] == "AWS::ApiGateway::Stage"
    ]
    throttled = [
        setting for setting in stage["MethodSettings"] if setting["HttpMethod"] == "OPTIONS"
    ]
    assert len(throttled) == len(preflights)
    assert {setting["ThrottlingRateLimit"] for setting in throttled} == {PREFLIGHT_RATE_PER_SECOND}
    origin = f"'{ONE_ORIGIN[0]}'" if origins == ONE_ORIGIN else "method.request.header.Origin"
    refusals = [
        resource["Properties"]["ResponseParameters"]
        for resource in resources
        if resource["Type"] == "AWS::ApiGateway::GatewayResponse"
    ]
    for headers in refusals:
        assert headers["gatewayresponse.header.access-control-allow-origin"] == origin
        assert headers["gatewayresponse.header.vary"] == "'Origin'"


def test_without_origins_there_is_nothing_of_it() -> None:
    written = json.dumps(api([], by_key=True))
    assert "OPTIONS" not in written
    assert "access-control" not in written


def test_gateway_and_api_gateway_expose_the_same_headers() -> None:
    assert cors._EXPOSED == error_responses.EXPOSED
