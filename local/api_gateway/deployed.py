"""The reading of a deployed REST API through the AWS API, and from its stack what that does not
have.

https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from local.api_gateway.definition import (
    AccessLog,
    Api,
    Authorizer,
    GatewayResponse,
    Integration,
    Key,
    KeyRing,
    Method,
    Plan,
    Quota,
    Throttle,
)
from local.api_gateway.template import StackTemplate
from local.aws.client import Aws, Client

_STACK_TAG = "aws:cloudformation:stack-name"
_STREAMS = "/response-streaming-invocations"


class UnservedApiError(Exception):
    """The API has something that this front does not execute."""


class DeployedApi:
    """Reads one stage of one API; blocks. The definition is read again when it is deployed anew."""

    def __init__(self, aws: Aws, *, api_id: str, stage: str) -> None:
        self._client = aws.client("apigateway")
        self._cloudformation = aws.client("cloudformation")
        self._aws = aws
        self._where = {"restApiId": api_id}
        self._stage = stage
        self._cached: tuple[str, Api] | None = None

    def api(self) -> Api:
        """Raise botocore's ClientError when the API is gone, UnservedApiError."""
        stage = self._client.get_stage(**self._where, stageName=self._stage)
        # Changes of an API take effect with the next deployment of its stage, not before.
        if self._cached is None or self._cached[0] != stage["deploymentId"]:
            definition = _Definition(self._client, self._cloudformation, self._where, stage)
            self._cached = stage["deploymentId"], definition.api(self._aws)
        return self._cached[1]

    def keys(self) -> KeyRing:
        """Return the current keys, disabled ones too."""
        items = _items(self._client, "get_api_keys", includeValues=True)
        plans: dict[str, Plan] = {}
        for raw in _items(self._client, "get_usage_plans"):
            if self._has_stage(raw):
                members = _items(self._client, "get_usage_plan_keys", usagePlanId=raw["id"])
                plans |= {member["id"]: _plan(raw) for member in members}
        keys = (Key(item["id"], item["value"], item["enabled"]) for item in items)
        return KeyRing({key.value: key for key in keys}, plans)

    def _has_stage(self, plan: Mapping[str, Any]) -> bool:
        own_stage = (self._where["restApiId"], self._stage)
        return any(
            (plan_stage["apiId"], plan_stage["stage"]) == own_stage
            for plan_stage in plan.get("apiStages", [])
        )


class _Definition:
    """Everything about one deployment, read once."""

    def __init__(
        self,
        client: Client,
        cloudformation: Client,
        where: Mapping[str, str],
        stage: Mapping[str, Any],
    ) -> None:
        self._client = client
        self._where = where
        self._stage = stage
        self._rest_api = client.get_rest_api(**where)
        self._template = StackTemplate(cloudformation, self._rest_api["tags"][_STACK_TAG])

    def api(self, aws: Aws) -> Api:
        [of_template] = self._properties("AWS::ApiGateway::RestApi", self._where["restApiId"])
        domain = self._domain()
        return Api(
            id=self._where["restApiId"],
            stage=self._stage["stageName"],
            account=aws.account,
            region=aws.region,
            methods=tuple(self._methods()),
            responses=self._responses(),
            key_source=of_template.get("ApiKeySourceType", "HEADER"),
            access_log=self._access_log(),
            traced=self._stage.get("tracingEnabled", False),
            binary_types=tuple(self._rest_api.get("binaryMediaTypes") or ()),
            variables=self._stage.get("variables") or {},
            policy=of_template.get("Policy"),
            domain=str(domain.get("DomainName", "")),
            has_truststore="MutualTlsAuthentication" in domain,
            vpc_endpoints=tuple(of_template["EndpointConfiguration"].get("VpcEndpointIds", ())),
            has_execute_api=not of_template.get("DisableExecuteApiEndpoint"),
        )

    def _domain(self) -> Mapping[str, Any]:
        """Return the properties of the stack's domain name, empty without one."""
        domains = self._template.of_type("AWS::ApiGateway::DomainName")
        return next((domain.properties for domain in domains), {})

    def _methods(self) -> Iterator[Method]:
        for resource in _items(
            self._client, "get_resources", **self._where, embed=["methods"], limit=500
        ):
            for verb, raw in (resource.get("resourceMethods") or {}).items():
                yield Method(
                    verb=verb,
                    resource=resource["path"],
                    resource_id=resource["id"],
                    integration=_integration(raw, f"{verb} {resource['path']}"),
                    authorizer=self._authorizer(raw, f"{verb} {resource['path']}"),
                    signed=raw["authorizationType"] == "AWS_IAM",
                    key_required=raw.get("apiKeyRequired", False),
                    throttle=self._method_throttle(resource["path"], verb),
                    schemas=self._schemas(resource["id"], verb, raw),
                )

    def _authorizer(self, method: Mapping[str, Any], name: str) -> Authorizer | None:
        match method["authorizationType"]:
            case "NONE" | "AWS_IAM":
                return None
            case "CUSTOM":
                return self._authorizers[method["authorizerId"]]
            case other:
                raise UnservedApiError(f"{name}: authorization by {other} is not executed here")

    @cached_property
    def _authorizers(self) -> dict[str, Authorizer]:
        authorizers = self._client.get_authorizers(**self._where)["items"]
        return {raw["id"]: _authorizer(raw) for raw in authorizers}

    def _method_throttle(self, path: str, verb: str) -> Throttle | None:
        """Return the stage's setting for the method, else for all: `/~1v1~1messages/POST` or
        `*/*`."""
        settings = self._stage.get("methodSettings") or {}
        # A path in a name of settings is a JSON pointer, in which `~1` stands for a slash.
        names = (f"/{path.replace('/', '~1')}/{verb}", "*/*")
        throttling: Mapping[str, Any] = next((settings[n] for n in names if n in settings), {})
        return _throttle(
            {
                "rateLimit": throttling.get("throttlingRateLimit", 0),
                "burstLimit": throttling.get("throttlingBurstLimit", 0),
            }
        )

    def _schemas(
        self, resource_id: str, verb: str, method: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]] | None:
        """Return the schemas that the method's validator applies, if it has one that validates
        bodies."""
        if (resource_id, verb) not in self._validated:
            return None
        models = method.get("requestModels") or {}
        return {kind: self._models[name] for kind, name in models.items()}

    @cached_property
    def _validated(self) -> set[tuple[str, str]]:
        """The methods whose validator checks bodies: (resource id, verb)."""
        validators = {
            resource.id
            for resource in self._template.of_type("AWS::ApiGateway::RequestValidator")
            if resource.properties.get("ValidateRequestBody")
        }
        methods = (
            resource.properties for resource in self._template.of_type("AWS::ApiGateway::Method")
        )
        return {
            (resource["ResourceId"], resource["HttpMethod"])
            for resource in methods
            if resource.get("RequestValidatorId") in validators
        }

    @cached_property
    def _models(self) -> dict[str, dict[str, Any]]:
        models = _items(self._client, "get_models", **self._where)
        return {model["name"]: json.loads(model["schema"]) for model in models}

    def _responses(self) -> dict[str, GatewayResponse]:
        responses = self._client.get_gateway_responses(**self._where)["items"]
        return {
            raw["responseType"]: GatewayResponse(
                int(raw["statusCode"]) if raw.get("statusCode") else None,
                raw.get("responseParameters") or {},
                raw.get("responseTemplates") or {},
            )
            for raw in responses
        }

    def _access_log(self) -> AccessLog | None:
        [stage] = self._properties("AWS::ApiGateway::Stage", self._stage["stageName"])
        settings = stage.get("AccessLogSetting")
        if settings is None:
            return None
        return AccessLog(settings["DestinationArn"].split(":")[6], settings["Format"])

    def _properties(self, kind: str, physical_id: str) -> list[Mapping[str, Any]]:
        return [
            resource.properties
            for resource in self._template.of_type(kind)
            if resource.id == physical_id
        ]


def _items(client: Client, operation: str, **parameters: object) -> list[dict[str, Any]]:
    if not client.can_paginate(operation):
        return list(getattr(client, operation)(**parameters)["items"])
    parameters.pop("limit", None)
    pages: Iterable[Mapping[str, Any]] = client.get_paginator(operation).paginate(**parameters)
    return [item for page in pages for item in page.get("items", [])]


def _integration(method: Mapping[str, Any], name: str) -> Integration:
    raw = method.get("methodIntegration") or {}
    # What this front cannot do must not look as if it worked: it stops.
    if raw.get("type") != "AWS_PROXY":
        raise UnservedApiError(f"{name}: only Lambda proxy integrations are executed here")
    return Integration(
        function=_function(raw["uri"]),
        streams=raw["uri"].endswith(_STREAMS),
        timeout_seconds=raw["timeoutInMillis"] / 1000,
    )


def _function(uri: str) -> str:
    """Return the function's ARN in an invocation URI:
    `arn:…:lambda:path/…/functions/ARN/invocations`."""
    return uri.partition("/functions/")[2].rpartition("/")[0]


def _authorizer(raw: Mapping[str, Any]) -> Authorizer:
    sources = tuple(part.strip() for part in raw.get("identitySource", "").split(",") if part)
    token = raw["type"] == "TOKEN"
    if raw["type"] not in ("REQUEST", "TOKEN"):
        raise UnservedApiError(f"authorizer {raw['name']}: {raw['type']} is not executed here")
    header = sources[0].rpartition(".")[2] if token else None
    return Authorizer(_function(raw["authorizerUri"]), header, sources, raw["id"])


def _plan(raw: Mapping[str, Any]) -> Plan:
    quota = raw.get("quota") or {}
    return Plan(
        raw["id"],
        _throttle(raw.get("throttle") or {}),
        Quota(quota["limit"], quota["period"], quota.get("offset", 0)) if quota else None,
    )


def _throttle(raw: Mapping[str, Any]) -> Throttle | None:
    if not raw.get("rateLimit"):
        return None
    return Throttle(float(raw["rateLimit"]), int(raw["burstLimit"]))
