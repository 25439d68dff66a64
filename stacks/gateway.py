"""The Gateway stack: endpoint, API keys, authorizer, access log, and the function that calls
Bedrock."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.components.api.api_key_expiry import ApiKeyExpiry
from stacks.components.api.authorizer import Authorizer
from stacks.components.api.canary import Canary
from stacks.components.api.gateway_function import GatewayFunction
from stacks.components.api.key_plan import ApiKeys, IssuerKeys
from stacks.components.api.streaming_api import StreamingApi
from stacks.components.iam.endpoint_policy import EndpointPolicy
from stacks.components.iam.operator_permissions import OperatorEndpointPolicy
from stacks.components.iam.stage_names import StageNames
from stacks.components.observability.log_group import log_group
from stacks.components.stack_outputs import add_outputs
from stacks.endpoint_api import add_endpoint_api, add_web_acl, endpoint_url
from stacks.gateway_function import add_gateway_function
from stacks.invocation_logging import InvocationLogging
from stacks.model_access import ModelAccess
from stacks.stage import Stage
from stacks.stage.block import CANARY_KEY
from stacks.token_issuer_environment import token_issuers_text
from stacks.usage_plans import add_usage_plans


class Gateway(cdk.Stack):
    """The endpoint for clients, and everything between it and Bedrock. Where callers sign their
    requests, the application role may call it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        record: InvocationLogging,
        access: ModelAccess,
        env: cdk.Environment,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=construct_id,
            env=env,
            description="Endpoint for clients",
        )
        # No moment at which the endpoint answers and logging is off.
        self.add_stack_dependency(record)
        self.add_stack_dependency(access)
        self.api_name = f"claude-on-bedrock-{stage.name}"
        self._stage, self._log_settings = stage, record.log_settings

        by_key = stage.callers.auth == "key"
        keys = ApiKeys(self, "Keys", names=stage.key_names, name_prefix=self.api_name)
        issuer_keys = IssuerKeys(
            self, "IssuerKeys", names=list(stage.callers.token_issuers), api_name=self.api_name
        )
        self.authorizer = self._authorizer(issuer_keys) if by_key else None
        if not by_key:
            # It outlives the stack with the stage's logs, so it cannot be created a second time.
            scope = Construct(self, "Authorizer")
            log_group(scope, "Logs", name="authorizer", settings=self._log_settings)
        gateway = add_gateway_function(self, stage, keys=keys, access=access, record=record)
        self.function = gateway.function
        access_log = log_group(
            self, "AccessLog", name="access", settings=self._log_settings.for_audit_entries()
        )
        self.web_acl_arn = add_web_acl(self, stage)
        api = self._api(access_log)
        self.api_stage = api.stage
        self._url = endpoint_url(self, stage, api)
        self.api_key_expiry = self._api_key_expiry() if by_key else None
        plan_ids = add_usage_plans(self, stage, api.stage, keys, issuer_keys) if by_key else []
        if not by_key:
            _allow_application_role(self, stage, api)
        if stage.evidence.canary:
            self._canary(stage.evidence.canary, record, api, keys)
        _operator_policy(self, stage, access.operator_role, plan_ids)
        self._outputs(gateway, access_log)

    def _api(self, access_log: logs.ILogGroup) -> StreamingApi:
        return add_endpoint_api(
            self,
            self._stage,
            name=self.api_name,
            function=self.function,
            authorizer=self.authorizer,
            own_web_acl=self.web_acl_arn,
            access_log=access_log,
            log_settings=self._log_settings,
        )

    def _authorizer(self, issuer_keys: IssuerKeys) -> lambda_.IFunction:
        issuers = token_issuers_text(self, self._stage.callers, issuer_keys.values)
        authorizer = Authorizer(
            self,
            "Authorizer",
            gateway_concurrency=self._stage.endpoint.reserved_concurrency,
            is_traced=self._stage.endpoint.tracing is not None,
            log_settings=self._log_settings,
            token_issuers=issuers,
        )
        add_outputs(self, {"AuthorizerName": (authorizer.function.function_name, "Authorizer")})
        return _optional(authorizer.function)

    def _api_key_expiry(self) -> lambda_.IFunction:
        expiry = ApiKeyExpiry(
            self, "ApiKeyExpiry", stage_name=self._stage.name, log_settings=self._log_settings
        )
        name = (expiry.function.function_name, "Function that disables expired API keys")
        add_outputs(self, {"ApiKeyExpiryName": name})
        return _optional(expiry.function)

    def _canary(
        self, model: str, record: InvocationLogging, api: StreamingApi, keys: ApiKeys
    ) -> None:
        canary = Canary(
            self,
            "CanaryFunction",
            names=StageNames(self._stage.name, self),
            model=model,
            api=api.api,
            url=self._url,
            key=keys.by_name.get(CANARY_KEY),
            destination=record.export_destination(),
            existing_logging=self._stage.logging.existing_logging,
            log_settings=self._log_settings,
        )
        add_outputs(self, {"CanaryName": (canary.function.function_name, "Canary function")})

    def _outputs(self, gateway: GatewayFunction, access_log: logs.ILogGroup) -> None:
        stage = self.api_stage
        outputs = {
            "EndpointUrl": (self._url, "URL of the endpoint"),
            "ApiId": (stage.rest_api.rest_api_id, "REST API"),
            "ApiStage": (stage.stage_name, "Stage of the REST API"),
            "FunctionName": (self.function.function_name, "Gateway function"),
            "FunctionRoleArn": (gateway.role.role_arn, "Role of the gateway function"),
            "FunctionLogGroupName": (gateway.log_group.log_group_name, "Log group of audit logs"),
            "AccessLogGroupName": (access_log.log_group_name, "Log group of the access log"),
            "Auth": (self._stage.callers.auth, "How callers authenticate: key or iam"),
        }
        add_outputs(self, outputs)


def _operator_policy(
    stack: Gateway, stage: Stage, role: iam.IRole, plan_ids: Sequence[str]
) -> None:
    functions = (stack.function, stack.authorizer, stack.api_key_expiry)
    domain = stage.endpoint.domain
    OperatorEndpointPolicy(
        stack,
        "Operation",
        role=role,
        names=StageNames(stage.name, stack),
        api_id=stack.api_stage.rest_api.rest_api_id,
        mutual_tls_name=domain.name if domain and domain.truststore else None,
        web_acl_arn=stack.web_acl_arn,
        plan_ids=plan_ids,
        function_arns=[function.function_arn for function in functions if function],
    )


def _optional(function: lambda_.IFunction) -> lambda_.IFunction:
    """Return the function, to which other stacks refer weakly: it goes where a stage changes."""
    cdk.CrossStackReferences.of(function).produce(cdk.ReferenceStrength.WEAK)
    return function


def _allow_application_role(stack: cdk.Stack, stage: Stage, api: StreamingApi) -> None:
    name = stage.role_names.name("application")
    endpoint = EndpointPolicy(
        stack,
        "InvokeEndpoint",
        api=api.api,
        stage_name=stage.name,
        roles=[iam.Role.from_role_name(stack, "Application", name)],
    )
    arn = endpoint.policy.managed_policy_arn
    add_outputs(stack, {"InvokeEndpointPolicyArn": (arn, "Policy to call the endpoint")})
