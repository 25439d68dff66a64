"""The Gateway stack: endpoint, API keys, authorizer, access log, and the function that calls
Bedrock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from claude_bedrock.catalog import MODELS, deny_policy, team_policies
from claude_bedrock.catalog import invoke_policies as model_access
from stacks import team_profile_plan
from stacks.components.api.account_log_role import AccountLogRole, LogRoleFunction
from stacks.components.api.api_key_expiry import ApiKeyExpiry
from stacks.components.api.authorizer import Authorizer
from stacks.components.api.canary import Canary
from stacks.components.api.domain_name import ClientAuthorities, EndpointDomain
from stacks.components.api.gateway_function import GatewayFunction
from stacks.components.api.key_plan import ApiKeys, IssuerKeys, KeyPlan
from stacks.components.api.sampling_rule import SamplingRule
from stacks.components.api.streaming_api import StreamingApi
from stacks.components.api.web_acl import WebAcl
from stacks.components.iam.caller_role import CallerRole, assume_statements
from stacks.components.iam.endpoint_policy import EndpointPolicy
from stacks.components.iam.invoke_policies import InvokePolicies
from stacks.components.iam.operator_permissions import OperatorEndpointPolicy
from stacks.components.iam.stage_names import StageNames
from stacks.components.observability.log_group import log_group
from stacks.components.record.budget_table import update_permissions
from stacks.components.stack_outputs import add_outputs
from stacks.gateway_environment import gateway_environment
from stacks.invocation_logging import InvocationLogging
from stacks.model_access import ModelAccess
from stacks.stage import Stage
from stacks.stage.account import LEAVE
from stacks.stage.block import CANARY_KEY
from stacks.stage.endpoint import Domain
from stacks.stage.token_issuers import DEFAULT_PLAN
from stacks.token_issuer_environment import token_issuers_text


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
        gateway = self._gateway_function(keys, access, record)
        self.function = gateway.function
        access_log = log_group(
            self, "AccessLog", name="access", settings=self._log_settings.for_audit_entries()
        )
        api = self._api(access_log)
        self.api_stage = api.stage
        self._url = self._own_url(api) or api.stage.url_for_path("/")
        self.api_key_expiry = self._api_key_expiry() if by_key else None
        plan_ids = self._usage_plans(keys, issuer_keys) if by_key else []
        if not by_key:
            _allow_application_role(self, stage, api)
        if stage.evidence.canary:
            self._canary(stage.evidence.canary, record, api, keys)
        _operator_policy(self, stage, access.operator_role, plan_ids)
        self._outputs(gateway, access_log)

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

    def _gateway_function(
        self, keys: ApiKeys, access: ModelAccess, record: InvocationLogging
    ) -> GatewayFunction:
        """Create the function and, where callers have sessions, their role, which then holds what
        it takes to call models instead of the function's."""
        stage, boundary = self._stage, access.deny_policies.boundary
        table = record.budget_table.table if record.budget_table else None
        table_name = table.table_name if table else None
        on_table = _table_statements(stage, table)
        policies = [
            *_invoke_policies(self, stage, access),
            *_team_policies(self, stage, access),
            access.deny_policies.denials,
        ]
        if not stage.callers.caller_sessions:
            environment = gateway_environment(
                self, stage=stage, keys=keys, access=access, budget_table=table_name
            )
            return self._function(
                deny_policy.GATEWAY_ROLE, environment, policies, boundary, on_table=on_table
            )
        name = stage.role_names.name(deny_policy.CALLER_ROLE)
        caller_arn = StageNames(stage.name, self).iam(
            stage.role_names.resource(deny_policy.CALLER_ROLE)
        )
        environment = gateway_environment(
            self,
            stage=stage,
            keys=keys,
            access=access,
            caller_role_arn=caller_arn,
            budget_table=table_name,
        )
        gateway = self._function(
            deny_policy.FUNCTION_ROLE,
            environment,
            statements=assume_statements(caller_arn),
            on_table=on_table,
        )
        caller = CallerRole(
            self,
            "Caller",
            name=name,
            stage_name=stage.name,
            gateway_role=gateway.role,
            managed_policies=policies,
            permissions_boundary=boundary,
            statements=access.team_guardrail_statements,
        )
        gateway.function.node.add_dependency(caller)
        add_outputs(self, {"CallerRoleArn": (caller.role.role_arn, "Role of callers' sessions")})
        return gateway

    def _function(
        self,
        role: str,
        environment: Mapping[str, str],
        managed_policies: Sequence[iam.IManagedPolicy] = (),
        permissions_boundary: iam.IManagedPolicy | None = None,
        statements: Sequence[iam.PolicyStatement] = (),
        *,
        on_table: Sequence[iam.PolicyStatement] = (),
    ) -> GatewayFunction:
        return GatewayFunction(
            self,
            "Function",
            environment=environment,
            managed_policies=managed_policies,
            permissions_boundary=permissions_boundary,
            statements=[*statements, *on_table],
            role_name=self._stage.role_names.name(role),
            role_id="AssumingRole" if statements else "Role",
            memory_mb=self._stage.endpoint.memory_mb,
            is_traced=self._stage.endpoint.tracing is not None,
            reserved_concurrency=self._stage.endpoint.reserved_concurrency,
            log_settings=self._log_settings,
        )

    def _api(self, access_log: logs.ILogGroup) -> StreamingApi:
        domain, network = self._stage.endpoint.domain, self._stage.endpoint.network
        api = StreamingApi(
            self,
            "Api",
            name=self.api_name,
            stage_name=self._stage.name,
            function=self.function,
            authorizer_function=self.authorizer,
            throttle=None if self.authorizer else self._stage.callers.throttle,
            access_log=access_log,
            is_traced=self._stage.endpoint.tracing is not None,
            allowed_ips=self._stage.endpoint.allowed_ips,
            vpc_endpoints=network.api_endpoints if network else (),
            web_acl=self._web_acl(),
            disable_execute_api=bool(domain and domain.disable_execute_api),
            has_client_certificates=bool(domain and domain.truststore),
            cors_origins=self._stage.endpoint.cors_origins,
            takes_tokens=bool(self._stage.callers.token_issuers),
        )
        if tracing := self._stage.endpoint.tracing:
            SamplingRule(
                self,
                "SamplingRule",
                api_name=self.api_name,
                stage_name=self._stage.name,
                requests_per_second=tracing.requests_per_second,
                fixed_rate=tracing.fixed_rate,
            )
        self._set_log_role(api)
        return api

    def _web_acl(self) -> str | None:
        """Return the ARN of the web ACL before the endpoint, which is made where the stage has its
        rules."""
        self.web_acl_arn: str | None = None  # of the one that the stage makes
        rules = self._stage.endpoint.web_acl
        if rules is None or isinstance(rules, str):
            return rules
        acl = WebAcl(
            self,
            "WebAcl",
            stage_name=self._stage.name,
            rate_limit=rules.rate_limit,
            rate_limit_without_credential=rules.rate_limit_without_credential,
            body_limit_kb=rules.body_limit_kb,
        )
        outputs = {"WebAclArn": (acl.arn, "Web ACL of AWS WAF that the stage makes")}
        if rules.body_limit_kb:
            outputs["BodyLimitKb"] = (str(rules.body_limit_kb), "Largest body of its rules")
        add_outputs(self, outputs)
        self.web_acl_arn = acl.arn
        return acl.arn

    def _set_log_role(self, api: StreamingApi) -> None:
        """Have API Gateway given a role for its logs before the API's stage is made, unless the
        account looks after it."""
        role = self._stage.account.api_log_role
        if role == LEAVE:
            return
        setter = LogRoleFunction(
            self, "LogRoleFunction", role_arn=role, log_settings=self._log_settings
        )
        log_role = AccountLogRole(self, "LogRole", role_arn=role, function=setter.function)
        api.stage.node.add_dependency(log_role)

    def _own_url(self, api: StreamingApi) -> str:
        """Give the endpoint the stage's domain name, and return its URL; that of a VPC endpoint
        where the API is private, and empty where it has the name of API Gateway."""
        if network := self._stage.endpoint.network:
            return api.private_url(network.api_endpoints[0])
        if (domain := self._stage.endpoint.domain) is None:
            return ""
        created = EndpointDomain(
            self,
            "Domain",
            name=domain.name,
            certificate_arn=domain.certificate,
            hosted_zone_id=domain.hosted_zone,
            truststore=_client_authorities(domain),
            stage=api.stage,
        )
        outputs = {
            "DomainTarget": (created.target, "What a CNAME of the endpoint's name points to")
        }
        if domain.truststore:
            outputs["TruststoreVersion"] = (domain.truststore.version, "Version of the truststore")
        add_outputs(self, outputs)
        return f"https://{domain.name}/"

    def _api_key_expiry(self) -> lambda_.IFunction:
        expiry = ApiKeyExpiry(
            self, "ApiKeyExpiry", stage_name=self._stage.name, log_settings=self._log_settings
        )
        name = (expiry.function.function_name, "Function that disables expired API keys")
        add_outputs(self, {"ApiKeyExpiryName": name})
        return _optional(expiry.function)

    def _usage_plans(self, keys: ApiKeys, issuer_keys: IssuerKeys) -> list[str]:
        ids = _usage_plan_ids(self, self._stage, self.api_stage, keys, issuer_keys)
        outputs = {
            "UsagePlanIds": (self.to_json_string(ids), "JSON: usage plan -> its id"),
            "ApiKeyIds": (self.to_json_string(keys.ids_by_name()), "JSON: API key -> its id"),
        }
        add_outputs(self, outputs)
        return list(ids.values())

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


def _client_authorities(domain: Domain) -> ClientAuthorities | None:
    trusted = domain.truststore
    if trusted is None:
        return None
    return ClientAuthorities(trusted.uri, trusted.version, trusted.ownership_certificate)


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


def _invoke_policies(
    stack: cdk.Stack, stage: Stage, access: ModelAccess
) -> list[iam.IManagedPolicy]:
    """Create policies of the gateway's own: IAM deletes no policy that a role of another stack
    still holds."""
    models = [model for model in MODELS if model.name in stage.models.allow]
    return InvokePolicies(
        stack,
        "Invoke",
        documents=model_access.invoke_policies(models, access.invocation_scope),
        description=f"Calls the models of {stage.name} for its gateway",
    ).policies


def _table_statements(stage: Stage, table: dynamodb.ITable | None) -> list[iam.PolicyStatement]:
    """Return what the function needs of the table of budgets, where the stage has one."""
    if table is None or table.encryption_key is None:
        return []
    permissions = update_permissions(table.table_arn, table.encryption_key.key_arn, stage.region)
    return [permission.statement() for permission in permissions]


def _team_policies(stack: cdk.Stack, stage: Stage, access: ModelAccess) -> list[iam.IManagedPolicy]:
    """Create the policies here and not beside the profiles, so that they come and go with the
    role."""
    planned = team_profile_plan.planned(stage)
    profiles = team_profile_plan.with_ids(planned, access.team_profile_ids)
    return InvokePolicies(
        stack,
        "TeamInvoke",
        documents=team_policies.invoke_policies(profiles, access.invocation_scope),
        description=f"Calls the application inference profiles of the teams of {stage.name}",
    ).policies


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


def _usage_plan_ids(
    stack: cdk.Stack,
    stage: Stage,
    api_stage: apigateway.Stage,
    keys: ApiKeys,
    issuer_keys: IssuerKeys,
) -> dict[str, str]:
    """Create the stage's usage plans; the stack's own keys are in the default one, and each token
    issuer's in its own. Return plan -> id."""
    ids, name = {}, f"claude-on-bedrock-{stage.name}"
    for plan_name, limits in stage.callers.all_plans.items():
        is_default = plan_name == DEFAULT_PLAN
        of_issuers = [
            issuer_keys.by_name[name]
            for name, issuer in stage.callers.token_issuers.items()
            if issuer.plan == plan_name
        ]
        plan = KeyPlan(
            stack,
            "KeyPlan" if is_default else f"KeyPlan-{plan_name}",
            name=name if is_default else f"{name}-{plan_name}",
            stage=api_stage,
            throttle=limits.throttle,
            quota=limits.quota,
            keys=[*(keys.by_name.values() if is_default else ()), *of_issuers],
        )
        ids[plan_name] = plan.plan.usage_plan_id
    return ids
