"""The endpoint streams, asks for a key, answers in Anthropic's words, and never logs a body."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from claude_bedrock.catalog import deny_policy
from stacks.components.api.error_responses import REFUSALS
from tests.infrastructure.rendering import text, texts
from tools.synthesis import Resource, Synthesis, synthesize

STACK = "Gateway"
ISSUER_KEY = "token-issuer-"

# https://platform.claude.com/docs/en/api/errors
ERROR_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    415: "invalid_request_error",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
}


def methods(synthesis: Synthesis) -> dict[tuple[str, str], dict[str, Any]]:
    """(path, method) -> properties."""
    parts = {
        resource.id: (resource.properties["PathPart"], text(resource.properties["ParentId"]))
        for resource in synthesis.resources(STACK, "AWS::ApiGateway::Resource")
    }

    def path(reference: str) -> str:
        name = reference.strip("<>")
        if name not in parts:
            return ""
        part, parent = parts[name]
        return f"{path(parent)}/{part}"

    return {
        (path(text(resource.properties["ResourceId"])) or "/", resource.properties["HttpMethod"]): (
            resource.properties
        )
        for resource in synthesis.resources(STACK, "AWS::ApiGateway::Method")
    }


def responses(synthesis: Synthesis) -> dict[str, dict[str, Any]]:
    resources = synthesis.resources(STACK, "AWS::ApiGateway::GatewayResponse")
    return {resource.properties["ResponseType"]: resource.properties for resource in resources}


def function(synthesis: Synthesis, handler: str) -> Resource:
    (match,) = [
        resource
        for resource in synthesis.resources(STACK, "AWS::Lambda::Function")
        if resource.properties["Handler"] == handler
    ]
    return match


def test_the_api_is_regional_and_takes_the_key_from_the_authorizer(any_stage: Synthesis) -> None:
    api = any_stage.only(STACK, "AWS::ApiGateway::RestApi").properties
    assert api["EndpointConfiguration"]["Types"] == ["REGIONAL"]
    assert api["ApiKeySourceType"] == "AUTHORIZER"
    assert not any_stage.resources(STACK, "AWS::ApiGateway::Account")


def test_every_route_streams_for_fifteen_minutes(any_stage: Synthesis) -> None:
    target = function(any_stage, "gateway.handler.handle").id
    region = {"prod": "eu-central-1"}.get(any_stage.stage, "us-east-1")
    for properties in methods(any_stage).values():
        integration = properties["Integration"]
        assert integration["Type"] == "AWS_PROXY"
        assert integration["ResponseTransferMode"] == "STREAM"
        assert integration["TimeoutInMillis"] == 900_000
        assert text(integration["Uri"]) == (
            f"arn:aws:apigateway:{region}:lambda:path/2021-11-15/functions/<{target}.Arn>"
            "/response-streaming-invocations"
        )


OPEN = {("/", "HEAD"), ("/api/hello", "HEAD"), ("/health", "GET")}


def preflights(stage: Synthesis) -> set[tuple[str, str]]:
    """What a browser asks, which has no key yet: of the local stage, whose pages may call."""
    if stage.stage != "local":
        return set()
    return {
        (path, "OPTIONS") for path in ("/", "/{proxy+}", "/v1/messages", "/api/hello", "/health")
    }


def test_every_route_but_the_open_doors_requires_a_key(any_stage: Synthesis) -> None:
    routes = methods(any_stage)
    open_routes = OPEN | preflights(any_stage)
    assert (
        set(routes) == {("/", "ANY"), ("/{proxy+}", "ANY"), ("/v1/messages", "POST")} | open_routes
    )
    opened = {route for route, method in routes.items() if method["AuthorizationType"] == "NONE"}
    assert opened == open_routes
    authorized = [method for route, method in routes.items() if route not in opened]
    assert {method["AuthorizationType"] for method in authorized} == {"CUSTOM"}
    assert all(method["ApiKeyRequired"] is True for method in authorized)


def test_the_open_doors_are_throttled(any_stage: Synthesis) -> None:
    settings = any_stage.only(STACK, "AWS::ApiGateway::Stage").properties["MethodSettings"]
    throttled = {
        (setting["ResourcePath"][1:].replace("~1", "/") or "/", setting["HttpMethod"]): setting
        for setting in settings
        if "ThrottlingRateLimit" in setting
    }
    assert set(throttled) == OPEN | preflights(any_stage)
    for throttling in (throttled[route] for route in OPEN):
        assert 0 < throttling["ThrottlingRateLimit"] <= 10
        assert 0 < throttling["ThrottlingBurstLimit"] <= 20


def test_no_authorization_is_remembered(any_stage: Synthesis) -> None:
    authorizer = any_stage.only(STACK, "AWS::ApiGateway::Authorizer").properties
    assert authorizer["Type"] == "REQUEST"
    assert authorizer["AuthorizerResultTtlInSeconds"] == 0
    assert not authorizer.get("IdentitySource")


def test_messages_are_validated(any_stage: Synthesis) -> None:
    route = methods(any_stage)["/v1/messages", "POST"]
    validator = any_stage.only(STACK, "AWS::ApiGateway::RequestValidator")
    assert validator.properties["ValidateRequestBody"] is True
    assert text(route["RequestValidatorId"]) == f"<{validator.id}>"
    model = any_stage.only(STACK, "AWS::ApiGateway::Model")
    assert text(route["RequestModels"]["application/json"]) == f"<{model.id}>"
    schema = model.properties["Schema"]
    assert schema["type"] == "object"
    assert set(schema["required"]) == {"model", "max_tokens", "messages"}
    assert schema.get("additionalProperties", True) is True  # clients are newer than we are


def test_prompts_stay_out_of_apis_logs(any_stage: Synthesis) -> None:
    settings = any_stage.only(STACK, "AWS::ApiGateway::Stage").properties["MethodSettings"]
    assert {setting["DataTraceEnabled"] for setting in settings} == {False}
    assert {setting.get("LoggingLevel", "OFF") for setting in settings} == {"OFF"}


def test_the_access_log_names_caller_and_route_but_no_content(any_stage: Synthesis) -> None:
    stage = any_stage.only(STACK, "AWS::ApiGateway::Stage").properties
    written = json.loads(stage["AccessLogSetting"]["Format"])
    expected = {
        "requestId": "$context.requestId",
        "apiKeyId": "$context.identity.apiKeyId",
        "status": "$context.status",
        "responseLatency": "$context.responseLatency",
        # By these alone AWS says that an answer was streamed, and when it began:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/response-streaming-troubleshoot.html
        "responseTransferMode": "$context.integration.responseTransferMode",
        "timeToAllHeaders": "$context.integration.timeToAllHeaders",
        "timeToFirstContent": "$context.integration.timeToFirstContent",
        "tlsVersion": "$context.tlsVersion",
    }
    assert expected.items() <= written.items()
    assert all(value.startswith("$context.") for value in written.values())
    assert not [value for value in written.values() if "apiKey" in value and value[-2:] != "Id"]
    group = text(stage["AccessLogSetting"]["DestinationArn"])
    assert not group.endswith("*")


def test_the_endpoint_takes_no_tls_below_1_2(any_stage: Synthesis) -> None:
    """A Regional API without a policy takes TLS 1.0; which names are allowed is a rule's."""
    api = any_stage.only(STACK, "AWS::ApiGateway::RestApi").properties
    assert api["SecurityPolicy"].startswith("SecurityPolicy_TLS13_1_2_")
    assert api["EndpointAccessMode"] == "STRICT"


def test_without_tracing_nothing_is_traced(any_stage: Synthesis) -> None:
    assert any_stage.only(STACK, "AWS::ApiGateway::Stage").properties["TracingEnabled"] is False
    for resource in any_stage.everything():
        assert "TracingConfig" not in resource.properties
        assert "xray:" not in json.dumps(resource.properties)


def test_tracing_holds_for_what_a_request_passes(tmp_path: Path) -> None:
    """API Gateway decides by the stage's rule, and both functions behind it follow."""
    tracing = {"requests_per_second": 2, "fixed_rate": 0.1}
    made = synthesize("dev", tmp_path, tracing=tracing)
    api = made.only(STACK, "AWS::ApiGateway::RestApi").properties["Name"]
    assert made.only(STACK, "AWS::ApiGateway::Stage").properties["TracingEnabled"] is True
    traced = {
        function.properties["Handler"]
        for function in made.resources(STACK, "AWS::Lambda::Function")
        if function.properties.get("TracingConfig") == {"Mode": "Active"}
    }
    assert traced == {"gateway.handler.handle", "authorizer.handler.handle"}
    rule = made.only(STACK, "AWS::XRay::SamplingRule").properties["SamplingRule"]
    assert (rule["ServiceName"], rule["ServiceType"]) == (f"{api}/dev", "AWS::ApiGateway::Stage")
    assert (rule["ReservoirSize"], rule["FixedRate"]) == (2, 0.1)
    assert rule["Priority"] < 10_000
    assert len(rule["RuleName"]) <= 32


def test_access_log_waits_for_a_role_that_is_never_taken_from_others(any_stage: Synthesis) -> None:
    role = any_stage.only(STACK, "Custom::ApiGatewayLogRole")
    assert role.properties["ServiceTimeout"] == "390"
    assert role.id in any_stage.only(STACK, "AWS::ApiGateway::Stage").rest["DependsOn"]


def test_the_account_may_own_its_log_role(tmp_path: Path) -> None:
    """With its own role, the function makes none; with `leave`, there is no function for it."""
    role = "arn:aws:iam::111111111111:role/platform/api-logs"
    own = synthesize("dev", tmp_path / "1", api_log_role=role)
    setter = own.only(STACK, "Custom::ApiGatewayLogRole")
    assert "RoleName" not in setter.properties
    assert setter.properties["RoleArn"] == role
    template = json.dumps(own.template(STACK))
    assert "iam:CreateRole" not in template
    assert "iam:AttachRolePolicy" not in template
    left = json.dumps(synthesize("dev", tmp_path / "2", api_log_role="leave").template(STACK))
    assert "ApiGatewayLogRole" not in left
    assert "api_log_role.handler" not in left


def test_there_is_a_response_for_each_way_to_be_refused(any_stage: Synthesis) -> None:
    assert set(responses(any_stage)) == set(REFUSALS)


# What boto3's bedrock-runtime client has classes for, and botocore's name for a key nobody knows.
EXCEPTIONS = {
    "AccessDeniedException",
    "InternalServerException",
    "ModelTimeoutException",
    "ResourceNotFoundException",
    "ThrottlingException",
    "UnrecognizedClientException",
    "ValidationException",
}


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_a_refusal_is_an_error_of_anthropics(prod: Synthesis, name: str) -> None:
    response = responses(prod)[name]
    body = response["ResponseTemplates"]["application/json"]
    parsed = json.loads(body.replace("$context.requestId", "4f0c"))
    assert set(re.findall(r"\$[\w.]+", body)) <= {
        "$context.requestId",
        "$context.authorizer.keyHeader",
    }
    assert set(parsed) == {"type", "error", "request_id", "message"}
    assert parsed["type"] == "error"
    assert parsed["request_id"] == "4f0c"
    assert set(parsed["error"]) == {"type", "message"}
    status = int(response.get("StatusCode", 0))
    expected = ERROR_TYPES.get(status, "api_error" if name.endswith("5XX") else None)
    assert parsed["error"]["type"] == (expected or "invalid_request_error")
    headers = response["ResponseParameters"]
    assert headers["gatewayresponse.header.request-id"] == "context.requestId"


def test_any_other_refusal_says_what_its_status_means_and_where_to_look(prod: Synthesis) -> None:
    parsed = json.loads(responses(prod)["DEFAULT_4XX"]["ResponseTemplates"]["application/json"])
    for part in ("431: the headers", "414: the path", "400: ", "request id", "access log"):
        assert part in parsed["message"]


def test_a_refusal_is_an_exception_of_bedrocks_too(prod: Synthesis) -> None:
    for response in responses(prod).values():
        parsed = json.loads(response["ResponseTemplates"]["application/json"])
        assert parsed["message"] == parsed["error"]["message"]
        name = response["ResponseParameters"]["gatewayresponse.header.x-amzn-errortype"]
        assert name.strip("'") in EXCEPTIONS


@pytest.mark.parametrize(
    ("name", "status", "headers"),
    [
        ("UNAUTHORIZED", 401, {"x-should-retry": "'false'"}),
        ("INVALID_API_KEY", 401, {"x-should-retry": "'false'"}),
        ("THROTTLED", 429, {"retry-after": "'1'"}),
        ("QUOTA_EXCEEDED", 429, {"retry-after": "'3600'", "x-should-retry": "'false'"}),
        ("REQUEST_TOO_LARGE", 413, {}),
        ("UNSUPPORTED_MEDIA_TYPE", 415, {}),
        ("BAD_REQUEST_BODY", 400, {}),
        ("ACCESS_DENIED", 403, {}),
        ("MISSING_AUTHENTICATION_TOKEN", 404, {}),
        ("INTEGRATION_TIMEOUT", 504, {}),
        ("AUTHORIZER_FAILURE", 500, {}),
        ("AUTHORIZER_CONFIGURATION_ERROR", 500, {}),
    ],
)
def test_what_clients_learn_about_retries(
    prod: Synthesis, name: str, status: int, headers: dict[str, str]
) -> None:
    response = responses(prod)[name]
    assert response["StatusCode"] == str(status)
    parameters = dict(response["ResponseParameters"])
    del parameters["gatewayresponse.header.request-id"]
    del parameters["gatewayresponse.header.x-amzn-errortype"]
    assert parameters == {f"gatewayresponse.header.{key}": value for key, value in headers.items()}


def test_each_name_has_a_key_in_the_plan(local: Synthesis) -> None:
    keys = {resource.id: resource for resource in local.resources(STACK, "AWS::ApiGateway::ApiKey")}
    names = {key.properties["Name"] for key in keys.values()}
    expected = ("default", "second", "search.web", "canary")
    of_issuer = f"{ISSUER_KEY}local-of-claude-on-bedrock-local"
    assert names == {of_issuer, *(f"claude-on-bedrock-local-{name}" for name in expected)}
    valued = [key.properties["Name"] for key in keys.values() if "Value" in key.properties]
    assert valued == [of_issuer]
    (plan,) = [
        resource
        for resource in local.resources(STACK, "AWS::ApiGateway::UsagePlan")
        if resource.properties["UsagePlanName"] == "claude-on-bedrock-local"
    ]
    joined = local.resources(STACK, "AWS::ApiGateway::UsagePlanKey")
    assert {text(plan_key.properties["KeyId"]).strip("<>") for plan_key in joined} == set(keys)
    assert {text(plan_key.properties["UsagePlanId"]) for plan_key in joined} == {f"<{plan.id}>"}


def test_the_plan_has_the_stages_limits(prod: Synthesis, local: Synthesis) -> None:
    plan = prod.only(STACK, "AWS::ApiGateway::UsagePlan").properties
    assert plan["Throttle"] == {"RateLimit": 50, "BurstLimit": 100}
    assert plan["Quota"] == {"Limit": 1_000_000, "Period": "MONTH"}
    plans = {
        resource.properties["UsagePlanName"]: resource.properties
        for resource in local.resources(STACK, "AWS::ApiGateway::UsagePlan")
    }
    assert "Quota" not in plans["claude-on-bedrock-local"]
    assert plans["claude-on-bedrock-local-trial"]["Throttle"] == {
        "RateLimit": 0.1,
        "BurstLimit": 5,
    }
    assert plans["claude-on-bedrock-local-trial"]["Quota"] == {"Limit": 1000, "Period": "DAY"}
    (stages,) = {json.dumps(plan["ApiStages"]) for plan in plans.values()}
    assert '"Stage": ' in stages


def test_functions_run_where_their_byte_code_does(any_stage: Synthesis) -> None:
    minor = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for stack in ("InvocationLogging", STACK):
        for resource in any_stage.resources(stack, "AWS::Lambda::Function"):
            assert resource.properties["Runtime"] == minor
            assert resource.properties["Architectures"] == ["arm64"]
            assert "LoggingConfig" in resource.properties


def test_the_gateway_function_starts_through_our_runtime_loop(any_stage: Synthesis) -> None:
    properties = function(any_stage, "gateway.handler.handle").properties
    assert properties["Timeout"] == 900
    wrapper = properties["Environment"]["Variables"]["AWS_LAMBDA_EXEC_WRAPPER"]
    assert wrapper == "/var/task/gateway/bootstrap"


def test_a_stage_reserves_runs_for_gateway_and_authorizer_and_no_other_function(
    any_stage: Synthesis,
) -> None:
    reserved = {
        resource.properties["Handler"]: resource.properties["ReservedConcurrentExecutions"]
        for stack in ("InvocationLogging", STACK)
        for resource in any_stage.resources(stack, "AWS::Lambda::Function")
        if "ReservedConcurrentExecutions" in resource.properties
    }
    both = ("gateway.handler.handle", "authorizer.handler.handle")
    numbers = {"local": (100, 100)}
    assert reserved == dict(zip(both, numbers.get(any_stage.stage, ()), strict=False))


def test_the_function_may_log_trace_and_open_sessions_and_nothing_else(
    any_stage: Synthesis,
) -> None:
    role = text(function(any_stage, "gateway.handler.handle").properties["Role"]).split(".")[0][1:]
    statements = [
        statement
        for resource in any_stage.resources(STACK, "AWS::IAM::Policy")
        if f"<{role}>" in texts(resource.properties["Roles"])
        for statement in resource.properties["PolicyDocument"]["Statement"]
    ]
    actions = {
        effect: {
            action
            for statement in statements
            if statement["Effect"] == effect
            for action in texts(statement["Action"])
        }
        for effect in ("Allow", "Deny")
    }
    table = {"dynamodb:UpdateItem", *deny_policy.TABLE_KEY_ACTIONS}
    sessions = {"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"}
    assert actions["Allow"] == {
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *sessions,
        *(table if any_stage.settings.callers.counts_spending else ()),
    }
    assert {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"} <= actions["Deny"]
    (assumed,) = [each["Resource"] for each in statements if sessions & set(texts(each["Action"]))]
    (caller,) = callers_roles(any_stage)
    assert text(assumed).endswith(f":role/{caller.properties['RoleName']}")
    roles = any_stage.resources(STACK, "AWS::IAM::Role")
    (own,) = [resource for resource in roles if resource.id == role]
    assert "ManagedPolicyArns" not in own.properties


def callers_roles(synthesis: Synthesis) -> list[Resource]:
    return [
        resource
        for resource in synthesis.resources(STACK, "AWS::IAM::Role")
        if str(resource.properties.get("RoleName")).endswith("-caller")
    ]


def test_the_callers_role_is_assumed_by_the_function_alone_for_a_tagged_caller(
    any_stage: Synthesis,
) -> None:
    role = function(any_stage, "gateway.handler.handle").properties["Role"]
    (caller,) = callers_roles(any_stage)
    by_action = {}
    for statement in caller.properties["AssumeRolePolicyDocument"]["Statement"]:
        assert (statement["Effect"], statement["Principal"]) == ("Allow", {"AWS": role})
        by_action[statement["Action"]] = statement["Condition"]
    of_stage = {"aws:RequestTag/stage": any_stage.stage}
    assert by_action == {
        "sts:AssumeRole": {
            "StringEquals": of_stage,
            "Null": {"aws:RequestTag/caller": "false"},
        },
        "sts:TagSession": {
            "StringEquals": of_stage,
            "ForAllValues:StringEquals": {"aws:TagKeys": ["stage", "team", "caller"]},
        },
        "sts:SetSourceIdentity": {"Null": {"sts:SourceIdentity": "false"}},
    }
    policies = any_stage.resources(STACK, "AWS::IAM::ManagedPolicy")
    own = {f"<{each.id}>" for each in policies if "Invoke" in each.id}
    attached = set(texts(caller.properties["ManagedPolicyArns"]))
    assert own
    assert own <= attached
    assert all("-ModelAccess:" in arn for arn in attached - own)


def test_without_caller_sessions_the_function_invokes_itself(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("own")
    own = synthesize("dev", folder, caller_sessions=False)
    assert callers_roles(own) == []
    role = text(function(own, "gateway.handler.handle").properties["Role"]).split(".")[0][1:]
    (held,) = [each for each in own.resources(STACK, "AWS::IAM::Role") if each.id == role]
    assert held.properties["RoleName"].endswith("-gateway")
    assert held.properties["ManagedPolicyArns"]
    assert held.properties["PermissionsBoundary"]
    variables = function(own, "gateway.handler.handle").properties["Environment"]["Variables"]
    assert "CALLER_ROLE_ARN" not in variables


def test_the_endpoint_never_answers_while_the_log_is_off(any_stage: Synthesis) -> None:
    manifest = json.loads((any_stage.folder / "manifest.json").read_text())["artifacts"]
    name = f"claude-on-bedrock-{any_stage.stage}"
    assert f"{name}-InvocationLogging" in manifest[f"{name}-Gateway"]["dependencies"]


def test_outputs(any_stage: Synthesis) -> None:
    outputs = any_stage.template(STACK)["Outputs"]
    own = {name for name in outputs if not name.startswith(("ExportsOutput", "PublishOutput"))}
    canary = {"CanaryName"} if any_stage.stage == "local" else set()
    assert own == canary | {
        *("EndpointUrl", "ApiId", "ApiStage", "FunctionName", "FunctionLogGroupName"),
        *("AccessLogGroupName", "UsagePlanIds", "ApiKeyIds", "ApiKeyExpiryName", "Auth"),
        *("AuthorizerName", "FunctionRoleArn", "CallerRoleArn"),
    }


def clock_of(synthesis: Synthesis, target: Resource) -> str:
    (rule,) = [
        resource.properties
        for resource in synthesis.resources(STACK, "AWS::Events::Rule")
        if text(resource.properties["Targets"][0]["Arn"]) == f"<{target.id}.Arn>"
    ]
    expression: str = rule["ScheduleExpression"]
    return expression


def test_a_canary_is_run_each_hour_and_once(local: Synthesis) -> None:
    target = function(local, "canary.handler.handle")
    assert clock_of(local, target) == "rate(1 hour)"
    (retries,) = [
        resource.properties["MaximumRetryAttempts"]
        for resource in local.resources(STACK, "AWS::Lambda::EventInvokeConfig")
        if text(resource.properties["FunctionName"]) == f"<{target.id}>"
    ]
    assert retries == 0


def test_the_expiry_of_keys_is_checked_every_few_minutes(any_stage: Synthesis) -> None:
    target = function(any_stage, "api_key_expiry.handler.handle")
    assert clock_of(any_stage, target) == "rate(5 minutes)"
    prefix = target.properties["Environment"]["Variables"]["KEY_NAME_PREFIX"]
    names = {
        resource.properties["Name"]
        for resource in any_stage.resources(STACK, "AWS::ApiGateway::ApiKey")
    }
    assert all(name.startswith((prefix, ISSUER_KEY)) for name in names)


def test_only_keys_with_the_stages_tag_can_be_switched_off(any_stage: Synthesis) -> None:
    (statement,) = [
        statement
        for policy in any_stage.resources(STACK, "AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if "/apikeys/*" in str(statement["Resource"])
    ]
    assert statement["Action"] == "apigateway:PATCH"
    assert statement["Condition"] == {
        "StringEquals": {"aws:ResourceTag/claude-on-bedrock": any_stage.stage}
    }


def test_key_and_plan_ids_are_outputs_by_name(local: Synthesis) -> None:
    outputs = local.template(STACK)["Outputs"]
    assert set(json.loads(text(outputs["ApiKeyIds"]["Value"]))) == {
        "default",
        "second",
        "search.web",
        "canary",
    }
    assert set(json.loads(text(outputs["UsagePlanIds"]["Value"]))) == {"default", "trial"}
