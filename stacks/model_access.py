"""Wires what may be invoked, by whom, and what nobody may: policies, guard, named roles."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from catalog import MODELS, access, guard
from catalog.access import Place
from catalog.guard import Guarded
from stacks.components.auditing import auditing
from stacks.components.guard_policies import GuardPolicies
from stacks.components.invoke_policies import InvokePolicies
from stacks.components.looking import looking
from stacks.components.operating import operating
from stacks.components.permission import Permission
from stacks.components.setting_up import setting_up
from stacks.components.stage_names import StageNames
from stacks.components.stage_role import StageRole
from stacks.invocation_logging import InvocationLogging
from stacks.stage import Stage, Trust

ROLES = (
    *("application", "auditor", "operator", "setup"),
    *(guard.LOGGING_ROLE, guard.DATA_RETENTION_ROLE),
)


class ModelAccess(cdk.Stack):
    """The policies by which a caller reaches the stage's models, by the stage's routes only, and
    the roles of those who call, audit, operate and set up."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        record: InvocationLogging,
        env: cdk.Environment,
    ) -> None:
        super().__init__(
            scope, construct_id, env=env, description="Which Claude models may be called, by whom"
        )
        guarded = self._guarded(stage)
        models = [model for model in MODELS if model.name in stage.models]
        self.invoke_policies = InvokePolicies(
            self,
            "Invoke",
            documents=access.invoke_policies(models, guarded.place),
            description=f"Calls the models of {stage.name} by {', '.join(stage.routes)} profiles",
        ).policies
        self.guard = GuardPolicies(
            self,
            "Guard",
            stage=stage.name,
            denials=guard.deny_statements(guarded),
            boundary=guard.boundary_statements(guarded),
        )
        self._roles(stage, record, access.profile_arns(models, guarded.place))

        invoking = [policy.managed_policy_arn for policy in self.invoke_policies]
        cdk.CfnOutput(self, "InvokePolicyArn", value=",".join(invoking))
        cdk.CfnOutput(self, "GuardPolicyArn", value=self.guard.denials.managed_policy_arn)
        cdk.CfnOutput(self, "BoundaryPolicyArn", value=self.guard.boundary.managed_policy_arn)

    def _roles(self, stage: Stage, record: InvocationLogging, profiles: Sequence[str]) -> None:
        names = StageNames(stage.name, self)
        # Exported here and now: what a token of another stack will be called is known at the end,
        # too late for the answer to a finding. The stacks' order is then ours to say.
        self.add_stack_dependency(record)
        bucket = record.export_value(record.bucket.bucket_arn)
        key = record.export_value(record.keeping.key.key_arn)
        calling = [*self.invoke_policies, self.guard.denials]
        seen = looking(
            names,
            profiles=profiles,
            policies=[each.managed_policy_arn for each in (*calling, self.guard.boundary)],
            roles=[names.iam(f"role/{self._name(stage, role)}") for role in ROLES],
        )
        self.application_role = self._role(
            stage,
            "application",
            stage.roles.application,
            "Calls Claude",
            managed_policies=calling,
            permissions_boundary=self.guard.boundary,
        )
        self.auditor_role = self._role(
            stage,
            "auditor",
            stage.roles.auditor,
            "Reads records and evidence, never invokes",
            permissions=[*seen, *auditing(names, bucket_arn=bucket, key_arn=key)],
        )
        own = names.iam(f"role/{self._name(stage, 'operator')}")
        self.operator_role = self._role(
            stage,
            "operator",
            stage.roles.operator,
            "Looks after the endpoint and its keys, never reads a record",
            permissions=[
                *seen,
                *operating(names, own_role=own, bucket_arn=bucket, key_arn=key),
            ],
        )
        if stage.roles.setup:
            self._role(
                stage,
                "setup",
                stage.roles.setup,
                "Opens Claude to the account, once",
                permissions=setting_up(),
                managed_policies=calling,
            )

    def _role(
        self,
        stage: Stage,
        purpose: str,
        trust: Trust,
        description: str,
        *,
        permissions: Sequence[Permission] = (),
        managed_policies: Sequence[iam.IManagedPolicy] = (),
        permissions_boundary: iam.IManagedPolicy | None = None,
    ) -> iam.Role:
        title = purpose.capitalize()
        role = StageRole(
            self,
            title,
            name=self._name(stage, purpose),
            description=f"{description}: {stage.name}",
            trust=trust,
            permissions=permissions,
            managed_policies=managed_policies,
            permissions_boundary=permissions_boundary,
        ).role
        cdk.CfnOutput(self, f"{title}RoleArn", value=role.role_arn)
        return role

    def _name(self, stage: Stage, purpose: str) -> str:
        return guard.role_name(stage.name, stage.region, purpose)

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
