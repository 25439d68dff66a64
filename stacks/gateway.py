"""Wires the endpoint: API, keys, authoriser, access log, and the function that calls Bedrock."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from stacks.components import account_log_role
from stacks.components.account_log_role import AccountLogRole
from stacks.components.key_plan import ApiKeys, KeyPlan
from stacks.components.log_group import LogKeeping, log_group
from stacks.components.operating import Operation
from stacks.components.python_function import PythonFunction
from stacks.components.stage_names import StageNames
from stacks.components.streaming_api import LONGEST_STREAM, StreamingApi
from stacks.model_access import ModelAccess
from stacks.stage import Stage


class Gateway(cdk.Stack):
    """The URL that clients are given, and everything between it and Bedrock."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        keeping: LogKeeping,
        access: ModelAccess,
        env: cdk.Environment,
    ) -> None:
        super().__init__(scope, construct_id, env=env, description="The endpoint for clients")
        name = f"claude-on-bedrock-{stage.name}"

        keys = ApiKeys(self, "Keys", names=stage.api_keys, name_prefix=name)
        self.authorizer = self._authorizer(keeping).function
        gateway = self._function(stage, keeping, keys, access)
        self.function = gateway.function
        access_log = log_group(self, "AccessLog", name="access", keeping=keeping)
        api = StreamingApi(
            self,
            "Api",
            name=name,
            stage_name=stage.name,
            function=self.function,
            authorizer_function=self.authorizer,
            access_log=access_log,
        )
        api.stage.node.add_dependency(self._log_role(keeping))
        plan = KeyPlan(
            self,
            "KeyPlan",
            name=name,
            stage=api.stage,
            keys=keys,
            throttle=stage.throttle,
            quota=stage.quota,
        )

        Operation(
            self,
            "Operation",
            role=access.operator_role,
            names=StageNames(stage.name, self),
            api_id=api.stage.rest_api.rest_api_id,
            plan_ids=[plan.plan.usage_plan_id],
            function_arns=[self.function.function_arn, self.authorizer.function_arn],
        )

        self.api_name, self.api_stage = name, api.stage
        cdk.CfnOutput(self, "EndpointUrl", value=api.stage.url_for_path("/"))
        cdk.CfnOutput(self, "ApiId", value=api.stage.rest_api.rest_api_id)
        cdk.CfnOutput(self, "ApiStage", value=api.stage.stage_name)
        cdk.CfnOutput(self, "FunctionName", value=self.function.function_name)
        cdk.CfnOutput(self, "FunctionLogGroupName", value=gateway.log_group.log_group_name)
        cdk.CfnOutput(self, "AccessLogGroupName", value=access_log.log_group_name)
        cdk.CfnOutput(self, "UsagePlanId", value=plan.plan.usage_plan_id)
        cdk.CfnOutput(self, "ApiKeyIds", value=self.to_json_string(keys.ids_by_name()))

    def _authorizer(self, keeping: LogKeeping) -> PythonFunction:
        return PythonFunction(
            self,
            "Authorizer",
            description="Reads the caller's key from whichever header carries it",
            packages=["authorizer"],
            handler="authorizer.handler.handle",
            log_name="authorizer",
            keeping=keeping,
            timeout=cdk.Duration.seconds(5),
            memory_mb=256,
        )

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
            packages=["gateway", "catalog"],
            handler="gateway.handler.handle",
            log_name="gateway",
            keeping=keeping,
            timeout=LONGEST_STREAM,
            # About 0.3 of a processor: enough to relay a stream, and half the price of 1 GB while
            # Bedrock thinks.
            memory_mb=512,
            environment={
                "AWS_LAMBDA_EXEC_WRAPPER": "/var/task/gateway/bootstrap",
                "STAGE": stage.name,
                "ROUTE": stage.route,
                "ALLOWED_MODELS": ",".join(stage.models),
                "MAX_BODY_BYTES": str(stage.max_body_bytes),
                "PING_SECONDS": str(stage.ping_seconds),
                "ADAPT": stage.adapt,
                "API_KEY_NAMES": self.to_json_string(keys.names_by_id()),
                "POWERTOOLS_SERVICE_NAME": "gateway",
                "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
            },
            managed_policies=[*access.invoke_policies, access.guard.denials],
            permissions_boundary=access.guard.boundary,
        )

    def _log_role(self, keeping: LogKeeping) -> AccountLogRole:
        function = PythonFunction(
            self,
            "LogRoleFunction",
            description="Gives API Gateway a role to log as, where the account has none",
            packages=["api_log_role", "custom_resource"],
            handler="api_log_role.handler.handle",
            log_name="api-log-role",
            keeping=keeping.while_deployed(),
            timeout=account_log_role.TIMEOUT,
            memory_mb=256,
            retry_attempts=0,
            statements=account_log_role.log_role_statements(self),
        )
        return AccountLogRole(self, "LogRole", function=function.function)
