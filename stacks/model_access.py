"""Wires what may be invoked, by whom, and what nobody may: policies, guard, named roles."""

from __future__ import annotations

import json
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from claude_bedrock.catalog import MODELS, deny_policy, team_policies
from claude_bedrock.catalog import invoke_policies as policies_of
from claude_bedrock.catalog.deny_policy import DenyPolicyInputs
from claude_bedrock.catalog.invoke_policies import InvocationScope
from claude_bedrock.queries import schema
from stacks import team_profile_plan
from stacks.components.iam.application_inference_profile import ApplicationInferenceProfile
from stacks.components.iam.auditor_permissions import auditing, querying
from stacks.components.iam.deny_policies import GuardPolicies
from stacks.components.iam.invoke_policies import InvokePolicies
from stacks.components.iam.operator_permissions import operating
from stacks.components.iam.permission import Permission
from stacks.components.iam.setup_permissions import setting_up
from stacks.components.iam.stage_names import StageNames
from stacks.components.iam.stage_role import StageRole
from stacks.components.iam.viewer_permissions import looking
from stacks.invocation_logging import InvocationLogging
from stacks.stage import Stage
from stacks.stage.account import Trust

ROLES = (
    *("application", "auditor", "operator", "setup"),
    *(deny_policy.LOGGING_ROLE, deny_policy.DATA_RETENTION_ROLE),
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
        self.place = guarded.place
        models = [model for model in MODELS if model.name in stage.models.allow]
        invoke_policies = InvokePolicies(
            self,
            "Invoke",
            documents=policies_of.invoke_policies(models, guarded.place),
            description=f"Calls the models of {stage.name}",
        ).policies
        self.guard = GuardPolicies(
            self,
            "Guard",
            stage=stage.name,
            denials=deny_policy.deny_statements(guarded),
            boundary=deny_policy.boundary_statements(guarded),
        )
        self._roles(
            stage,
            record,
            [*invoke_policies, self.guard.denials],
            policies_of.profile_arns(models, guarded.place),
        )

        planned = team_profile_plan.planned(stage)
        made = [self._team_profile(stage, each) for each in planned]
        self.team_profile_ids = [each.id for each in made]
        profile_arns = team_profile_plan.by_team(planned, [each.arn for each in made])
        policy_arns = {team: self._team_policies(stage, team) for team in profile_arns}

        invoking = [policy.managed_policy_arn for policy in invoke_policies]
        cdk.CfnOutput(self, "InvokePolicyArn", value=",".join(invoking))
        cdk.CfnOutput(self, "GuardPolicyArn", value=self.guard.denials.managed_policy_arn)
        cdk.CfnOutput(self, "BoundaryPolicyArn", value=self.guard.boundary.managed_policy_arn)
        cdk.CfnOutput(self, "Settings", value=json.dumps(stage.to_output()))
        cdk.CfnOutput(self, "TeamProfileArns", value=self.to_json_string(profile_arns))
        cdk.CfnOutput(self, "TeamPolicyArns", value=self.to_json_string(policy_arns))

    def _team_profile(
        self, stage: Stage, planned: team_profile_plan.TeamProfile
    ) -> ApplicationInferenceProfile:
        return ApplicationInferenceProfile(
            self,
            f"TeamProfile-{planned.team}-{planned.model.name}-{planned.route}",
            name=planned.name_in(stage.name),
            copied_arn=team_policies.copied_arn(planned.model, planned.route, self.place),
            tags=team_profile_plan.tags(stage, planned.team),
        )

    def _team_policies(self, stage: Stage, team: str) -> list[str]:
        """The ARNs of what a role of the team's own needs, the guard among them."""
        planned = team_profile_plan.planned(stage)
        profiles = team_profile_plan.with_ids(planned, self.team_profile_ids, team=team)
        policies = InvokePolicies(
            self,
            f"TeamInvoke-{team}",
            documents=team_policies.invoke_policies(profiles, self.place, described=True),
            description=f"Calls the application inference profiles of the team {team}",
        ).policies
        return [policy.managed_policy_arn for policy in (*policies, self.guard.denials)]

    def _roles(
        self,
        stage: Stage,
        record: InvocationLogging,
        calling: Sequence[iam.IManagedPolicy],
        profiles: Sequence[str],
    ) -> None:
        names = StageNames(stage.name, self)
        # Exported here and now: what a token of another stack will be called is known at the end,
        # too late for the answer to a finding. The stacks' order is then ours to say.
        self.add_stack_dependency(record)
        bucket = record.export_value(record.bucket.bucket_arn)
        key = record.export_value(record.keeping.key.key_arn)
        verifier = record.export_value(record.verifier.function_arn)
        accesses = record.access_bucket_arn
        asked = (
            querying(names, table=schema.NAME, bucket_arn=bucket)
            if stage.logging.has_own_destinations
            else []
        )
        seen = looking(
            names,
            profiles=profiles,
            policies=[each.managed_policy_arn for each in (*calling, self.guard.boundary)],
            roles=[names.iam(f"role/{self._name(stage, role)}") for role in ROLES],
        )
        self._role(
            stage,
            "application",
            stage.account.roles.application,
            "Calls Claude",
            managed_policies=calling,
            permissions_boundary=self.guard.boundary,
        )
        self.auditor_role = self._role(
            stage,
            "auditor",
            stage.account.roles.auditor,
            "Reads records and evidence, never invokes",
            permissions=[
                *seen,
                *auditing(names, bucket_arn=bucket, key_arn=key, access_bucket_arn=accesses),
                *asked,
            ],
        )
        own = names.iam(f"role/{self._name(stage, 'operator')}")
        self.operator_role = self._role(
            stage,
            "operator",
            stage.account.roles.operator,
            "Looks after the endpoint and its keys, never reads a record",
            permissions=[
                *seen,
                *operating(
                    names, own_role=own, bucket_arn=bucket, key_arn=key, verifier_arn=verifier
                ),
            ],
        )
        if stage.account.roles.setup:
            self._role(
                stage,
                "setup",
                stage.account.roles.setup,
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
        return deny_policy.role_name(stage.name, stage.region, purpose)

    def _guarded(self, stage: Stage) -> DenyPolicyInputs:
        guardrail = stage.models.guardrail
        return DenyPolicyInputs(
            stage=stage.name,
            place=InvocationScope(
                stage.models.geographies,
                stage.region,
                self.account,
                self.partition,
                (guardrail.id, guardrail.version) if guardrail else None,
            ),
            short_term_bearer_tokens=stage.callers.short_term_bearer_tokens,
            data_retention=stage.models.data_retention,
            team_profiles=bool(stage.callers.teams),
            signed_callers=stage.callers.auth == "iam",
            service_tiers=stage.models.service_tiers,
        )
