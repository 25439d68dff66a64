"""Wires what may be invoked: the catalogue's statements for this stage, and no unlogged door."""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from catalog import MODELS, access
from stacks.components.invoke_policies import InvokePolicies
from stacks.stage import Stage


class ModelAccess(cdk.Stack):
    """The policies by which a caller reaches the stage's models, by the stage's route only."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, env: cdk.Environment
    ) -> None:
        super().__init__(
            scope, construct_id, env=env, description="Which Claude models may be called"
        )
        deny = access.deny_mantle_statement()
        documents = access.invoke_policies(
            [model for model in MODELS if model.name in stage.models],
            route=stage.route,
            region=stage.region,
            account=self.account,
            partition=self.partition,
            limit=access.MANAGED_POLICY_CHARACTERS - len(json.dumps(deny)),
        )
        self.invoke_policies: list[iam.IManagedPolicy] = InvokePolicies(
            self,
            "Invoke",
            documents=[[*statements, deny] for statements in documents],
            description=f"Calls the models of {stage.name} by their {stage.route} profiles",
        ).policies

        arns = [policy.managed_policy_arn for policy in self.invoke_policies]
        cdk.CfnOutput(self, "InvokePolicyArn", value=",".join(arns))
        cdk.CfnOutput(self, "Settings", value=json.dumps(stage.told()))
