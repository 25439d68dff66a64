"""The REST API: routes, authorizer, streaming, access log and throttles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from stacks.components.api.allowed_networks import resource_policy
from stacks.components.api.error_responses import (
    REFUSALS,
    SIGNED_REFUSALS,
    TOKEN_REFUSALS,
    add_error_responses,
    of_networks,
)
from stacks.components.api.key_plan import Throttle
from stacks.components.iam.nag_suppressions import acknowledge

# https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
MAX_STREAM_DURATION = cdk.Duration.minutes(15)
# TLS 1.2 or 1.3, with forward secrecy: what every client of the last ten years offers. The list:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html
SECURITY_POLICY = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
_OTHER_PATHS = ("/v1/messages", "/api/hello", "/health")
OPEN_METHODS = ("//HEAD", "/api/hello/HEAD", "/health/GET")
OPEN_RATE_PER_SECOND = 5
OPEN_BURST = 10
PREFLIGHTS = tuple(f"{path}/OPTIONS" for path in ("/", "/{proxy+}", *_OTHER_PATHS))
PREFLIGHT_RATE_PER_SECOND = 50  # browsers remember the answer for two hours
PREFLIGHT_BURST = 100

# Who, what, how it ended and how long it took; no header and no body. The times of a stream are
# AWS's own proof that an answer was streamed:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/response-streaming-troubleshoot.html
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "extendedRequestId": "$context.extendedRequestId",
    "traceId": "$context.xrayTraceId",
    "requestTime": "$context.requestTime",
    "apiKeyId": "$context.identity.apiKeyId",
    "callerArn": "$context.identity.userArn",
    "caller": "$context.identity.caller",
    "sourceIp": "$context.identity.sourceIp",
    "protocol": "$context.protocol",
    "tlsVersion": "$context.tlsVersion",
    "cipherSuite": "$context.cipherSuite",
    "httpMethod": "$context.httpMethod",
    "resourcePath": "$context.resourcePath",
    "path": "$context.path",
    "status": "$context.status",
    "refusal": "$context.error.responseType",
    "authorizerStatus": "$context.authorizer.status",
    "authorizerLatency": "$context.authorizer.latency",
    "integrationStatus": "$context.integration.status",
    "integrationLatency": "$context.integrationLatency",
    "responseTransferMode": "$context.integration.responseTransferMode",
    "timeToAllHeaders": "$context.integration.timeToAllHeaders",
    "timeToFirstContent": "$context.integration.timeToFirstContent",
    "responseLatency": "$context.responseLatency",
    "responseLength": "$context.responseLength",
}
# Whose certificate a client of a name with mutual TLS presented:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
CLIENT_CERTIFICATE_LOG = {
    "clientCertificateSubject": "$context.identity.clientCert.subjectDN",
    "clientCertificateSerial": "$context.identity.clientCert.serialNumber",
}

# Draft 4, as API Gateway reads it. No more than the function itself would refuse.
MESSAGES_SCHEMA = apigateway.JsonSchema(
    schema=apigateway.JsonSchemaVersion.DRAFT4,
    title="Messages",
    type=apigateway.JsonSchemaType.OBJECT,
    required=["model", "max_tokens", "messages"],
    properties={
        "model": apigateway.JsonSchema(type=apigateway.JsonSchemaType.STRING),
        "max_tokens": apigateway.JsonSchema(  # to draft 4, 100.0 is no integer
            type=apigateway.JsonSchemaType.NUMBER, multiple_of=1
        ),
        "messages": apigateway.JsonSchema(type=apigateway.JsonSchemaType.ARRAY),
    },
)


FINDINGS = {
    "APIG3": "a firewall's body rules trip on prompts, and its price is the account's to decide; "
    "keys, throttle and quota stand before every call that costs",
    "APIG4": "HEAD /, HEAD /api/hello and GET /health are open, and OPTIONS where the stage has "
    "cors_origins, since a browser asks without a key: they call nothing and are throttled",
    "APIG6": "execution logs can quote requests and lie in a group without our key and retention; "
    "the access log and the function's audit lines tell the same without a prompt",
    "COG4": "the authorizer reads callers' keys and checks tokens of the issuers that the stage "
    "names, or AWS principals sign; a user pool would be one more issuer",
}


class StreamingApi(Construct):
    """A Regional REST API that streams `function`'s answers to callers with a key, or, where there
    is no `authorizer_function`, to those who sign their requests and whom IAM lets call it. It
    refuses in other words where the authorizer `takes_tokens`. With `vpc_endpoints` it is private
    instead, and takes requests through these only. Where it `has_client_certificates`, the access
    log names each.

    `throttle` holds for all calls of a method together; keys have the limits of their plans.

    Its access log needs the role that AccountLogRole looks after; CDK's own `cloud_watch_role`
    would overwrite another team's.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        stage_name: str,
        function: lambda_.IFunction,
        authorizer_function: lambda_.IFunction | None,
        throttle: Throttle | None,
        access_log: logs.ILogGroup,
        is_traced: bool = False,
        allowed_ips: Sequence[str] = (),
        vpc_endpoints: Sequence[str] = (),
        web_acl: str | None = None,
        disable_execute_api: bool = False,
        has_client_certificates: bool = False,
        cors_origins: Sequence[str] = (),
        takes_tokens: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        open_methods = (*OPEN_METHODS, *(PREFLIGHTS if cors_origins else ()))
        is_restricted = bool(allowed_ips or vpc_endpoints)
        policy = (
            resource_policy(allowed_ips, _resources(stage_name, open_methods), vpc_endpoints)
            if is_restricted
            else None
        )
        options = _stage_options(
            stage_name,
            access_log,
            throttle,
            log_fields=ACCESS_LOG | (CLIENT_CERTIFICATE_LOG if has_client_certificates else {}),
            is_traced=is_traced,
            has_preflights=bool(cors_origins),
        )
        self.api = self._rest_api(
            name,
            options,
            policy,
            by_key=authorizer_function is not None,
            disable_execute_api=disable_execute_api,
        )
        self._require_tls()
        if vpc_endpoints:
            self._make_private(vpc_endpoints)
        self.stage = self.api.deployment_stage
        if policy and self.api.latest_deployment:
            # A changed policy holds from the next deployment of the API on.
            self.api.latest_deployment.add_to_logical_id(policy.to_json())
        if web_acl:
            wafv2.CfnWebACLAssociation(
                self, "WebAcl", resource_arn=self.stage.stage_arn, web_acl_arn=web_acl
            )
        by_authorizer = TOKEN_REFUSALS if takes_tokens else REFUSALS
        refusals = by_authorizer if authorizer_function else SIGNED_REFUSALS
        responses = of_networks(refusals) if is_restricted else refusals
        add_error_responses(self.api, responses, cors_origins)
        integration = _integration(function)
        self._add_routes(integration, self._authorization(authorizer_function))
        if cors_origins:
            self._add_preflights(integration)
        acknowledge(self, FINDINGS)

    def _rest_api(
        self,
        name: str,
        options: apigateway.StageOptions,
        policy: iam.PolicyDocument | None,
        *,
        by_key: bool,
        disable_execute_api: bool,
    ) -> apigateway.RestApi:
        api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=name,
            description="Claude on Bedrock, by the formats Claude's own clients speak",
            # Edge-optimized APIs cut a stream that is silent for 30 seconds; Regional ones, 300.
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            api_key_source_type=apigateway.ApiKeySourceType.AUTHORIZER if by_key else None,
            cloud_watch_role=False,
            policy=policy,
            disable_execute_api_endpoint=disable_execute_api or None,
            deploy_options=options,
        )
        api.node.try_remove_child("Endpoint")  # an output of CDK's own, beside ours
        return api

    def _resource(self) -> apigateway.CfnRestApi:
        api = self.api.node.default_child
        if not isinstance(api, apigateway.CfnRestApi):
            raise TypeError(api)
        return api

    def _require_tls(self) -> None:
        """Set the security policy:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html"""
        api = self._resource()
        api.add_property_override("SecurityPolicy", SECURITY_POLICY)
        api.add_property_override("EndpointAccessMode", "STRICT")

    def _make_private(self, vpc_endpoints: Sequence[str]) -> None:
        """Have the API answer through VPC endpoints only. Each gets a public name, of which the
        addresses are those of the VPC endpoint.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html
        A private API is dual-stack:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-ip-address-type.html
        """
        configuration = {
            "Types": ["PRIVATE"],
            "IpAddressType": "dualstack",
            "VpcEndpointIds": list(vpc_endpoints),
        }
        self._resource().add_property_override("EndpointConfiguration", configuration)
        # By STRICT it refuses the name that a VPC endpoint gives it:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html
        self._resource().add_property_override("EndpointAccessMode", "BASIC")

    def private_url(self, vpc_endpoint: str) -> str:
        """Return the URL of the stage through a VPC endpoint, which needs no private DNS:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html"""
        stack = cdk.Stack.of(self)
        host = f"{self.api.rest_api_id}-{vpc_endpoint}.execute-api.{stack.region}"
        return f"https://{host}.{stack.url_suffix}/{self.stage.stage_name}/"

    def _authorization(self, function: lambda_.IFunction | None) -> Mapping[str, Any]:
        """Return the options of every method but the open ones: how its caller authenticates."""
        if function is None:
            return {"authorization_type": apigateway.AuthorizationType.IAM}
        authorizer = apigateway.RequestAuthorizer(
            self,
            "Authorizer",
            handler=function,
            # It reads either of two headers, so neither can be demanded, nor be a cache's key.
            identity_sources=[],
            results_cache_ttl=cdk.Duration.seconds(0),
        )
        return {"authorizer": authorizer, "api_key_required": True}

    def _add_routes(
        self, integration: apigateway.Integration, authorization: Mapping[str, Any]
    ) -> None:
        root = self.api.root
        anything = root.add_resource("{proxy+}")
        for resource in (root, anything):
            resource.add_method("ANY", integration, **authorization)
        for method, resource in self._open_methods(root):
            resource.add_method(method, integration)
        root.add_resource("v1").add_resource("messages").add_method(
            "POST",
            integration,
            **authorization,
            request_validator=self._validator(),
            request_models={"application/json": self._messages_model()},
        )

    def _add_preflights(self, integration: apigateway.Integration) -> None:
        """Add OPTIONS to each path, without a key: the function answers by the origin."""
        for method in PREFLIGHTS:
            path = method.removesuffix("/OPTIONS")
            resource = self.api.root.resource_for_path(path) if path != "/" else self.api.root
            resource.add_method("OPTIONS", integration)

    def _open_methods(self, root: apigateway.IResource) -> list[tuple[str, apigateway.IResource]]:
        """Add the paths of methods without a key, which OPEN_METHODS lists to be throttled."""
        hello = root.add_resource("api").add_resource("hello")
        return [("HEAD", root), ("HEAD", hello), ("GET", root.add_resource("health"))]

    def _validator(self) -> apigateway.IRequestValidator:
        return apigateway.RequestValidator(
            self,
            "Validator",
            rest_api=self.api,
            validate_request_body=True,
            validate_request_parameters=True,
        )

    def _messages_model(self) -> apigateway.IModel:
        return self.api.add_model(
            "Messages", content_type="application/json", schema=MESSAGES_SCHEMA
        )


def _integration(function: lambda_.IFunction) -> apigateway.Integration:
    return apigateway.LambdaIntegration(
        function,
        response_transfer_mode=apigateway.ResponseTransferMode.STREAM,
        timeout=MAX_STREAM_DURATION,
        scope_permission_to_method=False,
    )


def _resources(stage_name: str, methods: Sequence[str]) -> list[str]:
    """Return the methods (`/health/GET`) as a resource policy names them."""
    paths = (method.rpartition("/") for method in methods)
    return [
        f"execute-api:/{stage_name}/{verb}/{path.strip('/').replace('{proxy+}', '*')}"
        for path, _, verb in paths
    ]


def _stage_options(
    stage_name: str,
    access_log: logs.ILogGroup,
    throttle: Throttle | None,
    *,
    log_fields: Mapping[str, str],
    is_traced: bool,
    has_preflights: bool,
) -> apigateway.StageOptions:
    preflight = apigateway.MethodDeploymentOptions(
        throttling_rate_limit=PREFLIGHT_RATE_PER_SECOND, throttling_burst_limit=PREFLIGHT_BURST
    )
    return apigateway.StageOptions(
        stage_name=stage_name,
        tracing_enabled=is_traced,
        data_trace_enabled=False,
        throttling_rate_limit=throttle.rate_per_second if throttle else None,
        throttling_burst_limit=throttle.burst if throttle else None,
        access_log_destination=apigateway.LogGroupLogDestination(access_log),
        access_log_format=apigateway.AccessLogFormat.custom(json.dumps(log_fields)),
        method_options={
            door: apigateway.MethodDeploymentOptions(
                throttling_rate_limit=OPEN_RATE_PER_SECOND, throttling_burst_limit=OPEN_BURST
            )
            for door in OPEN_METHODS
        }
        | (dict.fromkeys(PREFLIGHTS, preflight) if has_preflights else {}),
    )
