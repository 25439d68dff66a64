"""Wires the endpoint: API, keys, authoriser, access log, and the function that calls Bedrock."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.components.key_plan import ApiKeys, KeyPlan, quota_settings
from stacks.components.log_group import log_group
from stacks.components.python_function import PythonFunction
from stacks.components.streaming_api import LONGEST_STREAM, StreamingApi
from stacks.settings import Stage


class Gateway(cdk.Stack):
    """The URL that clients are given, and everything between it and Bedrock."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        log_key: kms.IKey,
        invoke_policies: list[iam.IManagedPolicy],
        env: cdk.Environment,
    ) -> None:
        super().__init__(
            scope, construct_id, env=env, description="The endpoint for Claude's clients"
        )
        groups = f"/claude-on-bedrock/{stage.name}"
        name = f"claude-on-bedrock-{stage.name}"

        keys = ApiKeys(self, "Keys", names=stage.api_keys, name_prefix=name)
        self.authorizer = PythonFunction(
            self,
            "Authorizer",
            description="Reads the caller's key from whichever header carries it",
            packages=["authorizer"],
            handler="authorizer.handler.handle",
            log_group_name=f"{groups}/authorizer",
            log_key=log_key,
            retention_days=stage.retention_days,
            keep_logs=stage.keep_logs_on_destroy,
            timeout=cdk.Duration.seconds(5),
            memory_mb=256,
            environment={},
        )
        self.gateway = PythonFunction(
            self,
            "Function",
            description="Carries a client's request to Bedrock and streams the answer back",
            packages=["gateway", "catalog"],
            handler="gateway.handler.handle",
            log_group_name=f"{groups}/gateway",
            log_key=log_key,
            retention_days=stage.retention_days,
            keep_logs=stage.keep_logs_on_destroy,
            timeout=LONGEST_STREAM,
            memory_mb=512,
            environment=self._environment(stage, keys),
            managed_policies=invoke_policies,
        )
        access_log = log_group(
            self,
            "AccessLog",
            name=f"{groups}/access",
            key=log_key,
            retention_days=stage.retention_days,
            keep=stage.keep_logs_on_destroy,
        )
        self.api = StreamingApi(
            self,
            "Api",
            name=name,
            stage_name=stage.name,
            function=self.gateway.function,
            authorizer_function=self.authorizer.function,
            access_log=access_log,
        ).api
        plan = KeyPlan(
            self,
            "KeyPlan",
            name=name,
            stage=self.api.deployment_stage,
            keys=keys,
            rate_per_second=stage.throttle.rate_per_second,
            burst=stage.throttle.burst,
            quota=quota_settings(requests=stage.quota.requests, period=stage.quota.period)
            if stage.quota
            else None,
        )

        cdk.CfnOutput(self, "EndpointUrl", value=self.api.url)
        cdk.CfnOutput(self, "ApiId", value=self.api.rest_api_id)
        cdk.CfnOutput(self, "ApiStage", value=self.api.deployment_stage.stage_name)
        cdk.CfnOutput(self, "FunctionName", value=self.gateway.function.function_name)
        cdk.CfnOutput(self, "FunctionLogGroupName", value=self.gateway.log_group.log_group_name)
        cdk.CfnOutput(self, "AccessLogGroupName", value=access_log.log_group_name)
        cdk.CfnOutput(self, "UsagePlanId", value=plan.plan.usage_plan_id)
        cdk.CfnOutput(self, "ApiKeyIds", value=self.to_json_string(keys.ids_by_name()))

    def _environment(self, stage: Stage, keys: ApiKeys) -> dict[str, str]:
        return {
            "AWS_LAMBDA_EXEC_WRAPPER": "/var/task/gateway/bootstrap",
            "STAGE": stage.name,
            "ROUTE": stage.route,
            "ALLOWED_MODELS": ",".join(stage.models),
            "MAX_BODY_BYTES": str(stage.max_body_bytes),
            "PING_SECONDS": str(stage.ping_seconds),
            "API_KEY_NAMES": self.to_json_string(keys.names_by_id()),
            "POWERTOOLS_SERVICE_NAME": "gateway",
            "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
            "POWERTOOLS_LOG_LEVEL": stage.log_level,
        }
