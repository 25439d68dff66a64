"""Wires the endpoint: API, keys, authorizer, access log, and the function that calls Bedrock."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from claude_bedrock.catalog import MODELS, deny_policy, team_policies
from claude_bedrock.catalog import invoke_policies as model_access
from stacks import team_profile_plan
from stacks.components.api import account_log_role, api_key_expiry, canary
from stacks.components.api.account_log_role import AccountLogRole
from stacks.components.api.key_plan import ApiKeys, KeyPlan
from stacks.components.api.reserved_concurrency import authorizer_concurrency
from stacks.components.api.schedule import Clock
from stacks.components.api.streaming_api import LONGEST_STREAM, StreamingApi
from stacks.components.iam.endpoint_policy import EndpointPolicy
from stacks.components.iam.invoke_policies import InvokePolicies
from stacks.components.iam.operator_permissions import Operation
from stacks.components.iam.permission import findings
from stacks.components.iam.stage_names import StageNames
from stacks.components.observability.log_group import LogKeeping, log_group
from stacks.components.packaging.custom_resource_function import custom_resource_function
from stacks.components.packaging.python_function import PythonFunction
from stacks.invocation_logging import InvocationLogging
from stacks.model_access import ModelAccess
from stacks.stage import Stage
from stacks.stage.block import CANARY_KEY
from stacks.stage.callers import DEFAULT_PLAN
from stacks.stage.models import Guardrail


class Gateway(cdk.Stack):
    """The URL that clients are given, and everything between it and Bedrock; where it asks for
    signed requests, the application role may call it."""

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
        super().__init__(scope, construct_id, env=env, description="The endpoint for clients")
        name, keeping = f"claude-on-bedrock-{stage.name}", record.keeping
        # No moment at which it answers and the log is off.
        self.add_stack_dependency(record)
        self.add_stack_dependency(access)

        by_key = stage.callers.auth == "key"
        keys = ApiKeys(self, "Keys", names=stage.key_names, name_prefix=name)
        self.authorizer = self._authorizer(stage, keeping) if by_key else None
        if not by_key:
            # Kept where the stage keeps its logs, so it could not be created a second time.
            log_group(Construct(self, "Authorizer"), "Logs", name="authorizer", keeping=keeping)
        gateway = self._function(stage, keeping, keys, access)
        self.function = gateway.function
        access_log = log_group(
            self, "AccessLog", name="access", keeping=keeping.for_audit_entries()
        )
        api = StreamingApi(
            self,
            "Api",
            name=name,
            stage_name=stage.name,
            function=self.function,
            authorizer_function=self.authorizer,
            throttle=None if by_key else stage.callers.throttle,
            access_log=access_log,
            cors_origins=stage.endpoint.cors_origins,
        )
        api.stage.node.add_dependency(self._log_role(keeping))
        self.key_expiry = self._key_expiry(stage, keeping) if by_key else None
        for optional in filter(None, (self.authorizer, self.key_expiry)):
            cdk.CrossStackReferences.of(optional).produce(cdk.ReferenceStrength.WEAK)
        plans = self._plans(stage, name, api.stage, keys) if by_key else {}
        if by_key:
            self._put_out_keys(keys, plans)
        else:
            self._open_to(
                deny_policy.role_name(stage.name, stage.region, "application"), stage, api
            )
        functions = [each for each in (self.function, self.authorizer, self.key_expiry) if each]
        if stage.evidence.canary:
            self._canary(stage, stage.evidence.canary, record, api, keys)
        Operation(
            self,
            "Operation",
            role=access.operator_role,
            names=StageNames(stage.name, self),
            api_id=api.stage.rest_api.rest_api_id,
            plan_ids=list(plans.values()),
            function_arns=[each.function_arn for each in functions],
        )

        self.api_name, self.api_stage = name, api.stage
        cdk.CfnOutput(self, "EndpointUrl", value=api.stage.url_for_path("/"))
        cdk.CfnOutput(self, "ApiId", value=api.stage.rest_api.rest_api_id)
        cdk.CfnOutput(self, "ApiStage", value=api.stage.stage_name)
        cdk.CfnOutput(self, "FunctionName", value=self.function.function_name)
        cdk.CfnOutput(self, "FunctionRoleArn", value=gateway.role.role_arn)
        cdk.CfnOutput(self, "FunctionLogGroupName", value=gateway.log_group.log_group_name)
        cdk.CfnOutput(self, "AccessLogGroupName", value=access_log.log_group_name)
        cdk.CfnOutput(self, "Auth", value=stage.callers.auth)

    def _canary(
        self,
        stage: Stage,
        model: str,
        record: InvocationLogging,
        api: StreamingApi,
        keys: ApiKeys,
    ) -> None:
        names, places = StageNames(stage.name, self), record.exported()
        key = keys.by_name.get(CANARY_KEY)
        method = api.api.arn_for_execute_api("POST", "/v1/messages", stage.name)
        permissions = [
            canary.by_key(names, key.key_id) if key else canary.by_signature(method),
            *canary.finding_again(
                names,
                log_group=places.log_group,
                bucket_arn=places.bucket_arn,
                key_arn=places.key_arn,
            ),
        ]
        function = PythonFunction(
            self,
            "CanaryFunction",
            # With what it has to be deployed again: another's record may be another one then.
            description="Calls the endpoint as a client does, and looks whether that is on record "
            f"(logging.existing_logging: {stage.logging.existing_logging})",
            packages=["canary", "metrics", "claude_bedrock.records"],
            handler="canary.handler.handle",
            log_name="canary",
            keeping=record.keeping.while_deployed(),
            timeout=canary.TIMEOUT,
            memory_mb=512,
            # A second attempt would ask, and be paid for, once more.
            retry_attempts=0,
            environment=canary.environment(
                stage_name=stage.name,
                model=model,
                url=api.stage.url_for_path("/"),
                key_id=key.key_id if key else "",
                log_group=places.log_group,
                bucket=places.bucket,
                configuration=places.configuration,
            ),
            statements=[each.statement() for each in permissions],
            findings=findings(self, permissions),
        ).function
        clock = Clock(self, "Canary", function=function, every=canary.EVERY, purpose=canary.PURPOSE)
        clock.node.add_dependency(api.stage)
        cdk.CfnOutput(self, "CanaryName", value=function.function_name)

    def _open_to(self, role_name: str, stage: Stage, api: StreamingApi) -> None:
        role = iam.Role.from_role_name(self, "Application", role_name)
        endpoint = EndpointPolicy(
            self, "InvokeEndpoint", api=api.api, stage_name=stage.name, roles=[role]
        )
        arn = endpoint.policy.managed_policy_arn
        cdk.CfnOutput(self, "InvokeEndpointPolicyArn", value=arn)

    def _put_out_keys(self, keys: ApiKeys, plans: Mapping[str, str]) -> None:
        cdk.CfnOutput(self, "UsagePlanIds", value=self.to_json_string(plans))
        cdk.CfnOutput(self, "ApiKeyIds", value=self.to_json_string(keys.ids_by_name()))

    def _plans(
        self, stage: Stage, name: str, api_stage: apigateway.Stage, keys: ApiKeys
    ) -> dict[str, str]:
        """Each plan's name -> its usage plan's id; the stack's own keys are in the default one."""
        ids = {}
        for plan_name, limits in stage.callers.all_plans.items():
            is_default = plan_name == DEFAULT_PLAN
            plan = KeyPlan(
                self,
                "KeyPlan" if is_default else f"KeyPlan-{plan_name}",
                name=name if is_default else f"{name}-{plan_name}",
                stage=api_stage,
                throttle=limits.throttle,
                quota=limits.quota,
                keys=list(keys.by_name.values()) if is_default else (),
            )
            ids[plan_name] = plan.plan.usage_plan_id
        return ids

    def _key_expiry(self, stage: Stage, keeping: LogKeeping) -> lambda_.IFunction:
        function = PythonFunction(
            self,
            "KeyExpiryFunction",
            description="Switches off the keys whose end has come",
            packages=["api_key_expiry"],
            handler="api_key_expiry.handler.handle",
            log_name="key-expiry",
            keeping=keeping.while_deployed(),
            timeout=api_key_expiry.TIMEOUT,
            memory_mb=256,
            environment=api_key_expiry.environment(stage.name),
            statements=api_key_expiry.statements(self, stage.name),
            findings=api_key_expiry.findings(self),
        )
        Clock(
            self,
            "KeyExpiry",
            function=function.function,
            every=api_key_expiry.EVERY,
            purpose=api_key_expiry.PURPOSE,
        )
        cdk.CfnOutput(self, "KeyExpiryFunctionName", value=function.function.function_name)
        return function.function

    def _authorizer(self, stage: Stage, keeping: LogKeeping) -> lambda_.IFunction:
        function = PythonFunction(
            self,
            "Authorizer",
            description="Reads the caller's key from whichever header carries it",
            packages=["authorizer"],
            handler="authorizer.handler.handle",
            log_name="authorizer",
            keeping=keeping,
            timeout=cdk.Duration.seconds(5),
            memory_mb=256,
            reserved_concurrency=authorizer_concurrency(stage.endpoint.reserved_concurrency),
        )
        cdk.CfnOutput(self, "AuthorizerName", value=function.function.function_name)
        return function.function

    def _function(
        self,
        stage: Stage,
        keeping: LogKeeping,
        keys: ApiKeys,
        access: ModelAccess,
    ) -> PythonFunction:
        return PythonFunction(
            self,
            "Function",
            description="Carries a client's request to Bedrock and streams the answer back",
            packages=["gateway", "claude_bedrock.catalog"],
            handler="gateway.handler.handle",
            log_name="gateway",
            keeping=keeping.for_audit_entries(),
            timeout=LONGEST_STREAM,
            # About 0.3 of a processor: enough to relay a stream, and half the price of 1 GB while
            # Bedrock thinks.
            memory_mb=512,
            reserved_concurrency=stage.endpoint.reserved_concurrency,
            environment={
                "AWS_LAMBDA_EXEC_WRAPPER": "/var/task/gateway/bootstrap",
                "STAGE": stage.name,
                "GEOGRAPHIES": ",".join(stage.models.geographies),
                "ALLOWED_MODELS": ",".join(stage.models.allow),
                "MAX_BODY_BYTES": str(stage.endpoint.max_body_bytes),
                "PING_SECONDS": str(stage.endpoint.ping_seconds),
                "UNSUPPORTED_FIELDS": stage.endpoint.unsupported_fields,
                "API_KEY_NAMES": self.to_json_string(keys.names_by_id()),
                "POWERTOOLS_SERVICE_NAME": "gateway",
                "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
                **self._team_variables(stage, access),
                **_guardrail_variables(stage.models.guardrail),
                **_cors_variables(stage),
                **_service_tier_variables(stage),
            },
            managed_policies=[
                *self._invoke_policies(stage, access),
                *self._team_policies(stage, access),
                access.guard.denials,
            ],
            permissions_boundary=access.guard.boundary,
            role_name=deny_policy.role_name(stage.name, stage.region, deny_policy.GATEWAY_ROLE),
        )

    def _invoke_policies(self, stage: Stage, access: ModelAccess) -> list[iam.IManagedPolicy]:
        """The gateway's own: IAM deletes no policy that a role of another stack still holds."""
        models = [model for model in MODELS if model.name in stage.models.allow]
        return InvokePolicies(
            self,
            "Invoke",
            documents=model_access.invoke_policies(models, access.place),
            description=f"Calls the models of {stage.name} for its gateway",
        ).policies

    def _team_policies(self, stage: Stage, access: ModelAccess) -> list[iam.IManagedPolicy]:
        """Here and not beside the profiles, so that they come and go with the role."""
        planned = team_profile_plan.planned(stage)
        profiles = team_profile_plan.with_ids(planned, access.team_profile_ids)
        return InvokePolicies(
            self,
            "TeamInvoke",
            documents=team_policies.invoke_policies(profiles, access.place),
            description=f"Calls the application inference profiles of the teams of {stage.name}",
        ).policies

    def _team_variables(self, stage: Stage, access: ModelAccess) -> dict[str, str]:
        """Nothing for a stage without teams."""
        planned = team_profile_plan.planned(stage)
        if not planned:
            return {}
        prefix = team_policies.arn_prefix(access.place)
        told = team_profile_plan.told(prefix, planned, access.team_profile_ids)
        return {"TEAM_PROFILES": self.to_json_string(told)}

    def _log_role(self, keeping: LogKeeping) -> AccountLogRole:
        function = custom_resource_function(
            self,
            "LogRoleFunction",
            description="Gives API Gateway a role to log as, where the account has none",
            handler="api_log_role.handler.handle",
            log_name="api-log-role",
            keeping=keeping,
            timeout=account_log_role.TIMEOUT,
            statements=account_log_role.log_role_statements(self),
        )
        return AccountLogRole(self, "LogRole", function=function.function)


def _guardrail_variables(guardrail: Guardrail | None) -> dict[str, str]:
    return {"GUARDRAIL": f"{guardrail.id}:{guardrail.version}"} if guardrail else {}


def _cors_variables(stage: Stage) -> dict[str, str]:
    """Nothing where no page of a browser may call."""
    return (
        {"CORS_ORIGINS": ",".join(stage.endpoint.cors_origins)}
        if stage.endpoint.cors_origins
        else {}
    )


def _service_tier_variables(stage: Stage) -> dict[str, str]:
    """Nothing where callers may name no tier but the standard one."""
    tiers = stage.models.service_tiers
    return {"SERVICE_TIERS": ",".join(tiers)} if len(tiers) > 1 else {}
