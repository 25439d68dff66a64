"""Wires what may be invoked: the catalogue's statements for this stage, and no unlogged door."""

from __future__ import annotations

import json

import aws_cdk as cdk
from constructs import Construct

from catalog import MODELS, access, guard
from catalog.access import Place
from catalog.guard import Guarded
from stacks.components.guard_policies import GuardPolicies
from stacks.components.invoke_policies import InvokePolicies
from stacks.stage import Stage


class ModelAccess(cdk.Stack):
    """The policies by which a caller reaches the stage's models, by the stage's routes only."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, env: cdk.Environment
    ) -> None:
        super().__init__(
            scope, construct_id, env=env, description="Which Claude models may be called"
        )
        guarded = self._guarded(stage)
        self.invoke_policies = InvokePolicies(
            self,
            "Invoke",
            documents=access.invoke_policies(
                [model for model in MODELS if model.name in stage.models], guarded.place
            ),
            description=f"Calls the models of {stage.name} by {', '.join(stage.routes)} profiles",
        ).policies
        self.guard = GuardPolicies(
            self,
            "Guard",
            stage=stage.name,
            denials=guard.deny_statements(guarded),
            boundary=guard.boundary_statements(guarded),
        )

        arns = [policy.managed_policy_arn for policy in self.invoke_policies]
        cdk.CfnOutput(self, "InvokePolicyArn", value=",".join(arns))
        cdk.CfnOutput(self, "Settings", value=json.dumps(stage.told()))
        cdk.CfnOutput(self, "GuardPolicyArn", value=self.guard.denials.managed_policy_arn)
        cdk.CfnOutput(self, "BoundaryPolicyArn", value=self.guard.boundary.managed_policy_arn)

    def _guarded(self, stage: Stage) -> Guarded:
        guardrail = stage.guardrail
        return Guarded(
            stage=stage.name,
            place=Place(
                stage.routes,
                stage.region,
                self.account,
                self.partition,
                (guardrail.id, guardrail.version) if guardrail else None,
            ),
            short_term_bearer_tokens=stage.short_term_bearer_tokens,
            data_retention=stage.data_retention,
            team_profiles=bool(stage.teams),
            signed_callers=stage.auth == "iam",
        )
