"""The ModelAccess stack: invoke policies, deny policy, permissions boundary, named roles, and the
application inference profiles of teams."""

from __future__ import annotations

import json
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from claude_bedrock.catalog import MODELS, deny_policy, team_policies
from claude_bedrock.catalog import invoke_policies as model_policies
from stacks import team_profile_plan
from stacks.components.iam.application_inference_profile import ApplicationInferenceProfile
from stacks.components.iam.deny_policies import DenyPolicies
from stacks.components.iam.invoke_policies import InvokePolicies
from stacks.components.stack_outputs import add_outputs
from stacks.deny_policy_inputs import deny_policy_inputs
from stacks.invocation_logging import InvocationLogging
from stacks.stage import Stage
from stacks.stage.combinations.models import tier_warnings
from stacks.stage.logs import ACCOUNT_ID
from stacks.stage_roles import OPERATOR, add_stage_roles


class ModelAccess(cdk.Stack):
    """The policies by which a caller reaches the stage's models, by the stage's geographies only,
    and the roles to call, audit, operate and set up."""

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
            scope,
            construct_id,
            stack_name=construct_id,
            env=env,
            description="Which Claude models may be called, by whom",
        )
        for warning in tier_warnings(stage):
            cdk.Annotations.of(self).add_warning_v2("claude-on-bedrock:serviceTiers", warning)
        inputs = deny_policy_inputs(stage, account=self.account, partition=self.partition)
        self.invocation_scope = inputs.scope
        self.team_guardrail_statements = deny_policy.team_guardrail_statements(inputs)
        models = [model for model in MODELS if model.name in stage.models.allow]
        invoke_policies = InvokePolicies(
            self,
            "Invoke",
            documents=model_policies.invoke_policies(models, inputs.scope),
            description=f"Calls the models of {stage.name}",
        ).policies
        self.deny_policies = DenyPolicies(
            self,
            "Guard",
            stage=stage.name,
            denials=deny_policy.deny_statements(inputs),
            boundary=deny_policy.boundary_statements(inputs),
        )
        self.role_limits = deny_policy.limit_statements(inputs)
        roles = add_stage_roles(
            self,
            stage,
            record,
            invoke_policies=invoke_policies,
            deny_policies=self.deny_policies,
            profile_arns=model_policies.profile_arns(models, inputs.scope),
        )
        self.operator_role = roles[OPERATOR]
        planned = team_profile_plan.planned(stage)
        profiles = [_team_profile(self, stage, profile) for profile in planned]
        self.team_profile_ids = [profile.id for profile in profiles]
        self._team_outputs(stage, planned, [profile.arn for profile in profiles])
        self._policy_outputs(stage, invoke_policies)

    def _policy_outputs(self, stage: Stage, invoke_policies: Sequence[iam.IManagedPolicy]) -> None:
        invoke_arns = [policy.managed_policy_arn for policy in invoke_policies]
        denials, boundary = self.deny_policies.denials, self.deny_policies.boundary
        outputs = {
            "InvokePolicyArn": (",".join(invoke_arns), "Policies to call the stage's models"),
            "GuardPolicyArn": (denials.managed_policy_arn, "Deny policy"),
            "BoundaryPolicyArn": (boundary.managed_policy_arn, "Permissions boundary"),
            "Settings": (
                json.dumps(stage.to_output()).replace(ACCOUNT_ID, self.account),
                "JSON: settings that the CLI reads",
            ),
        }
        add_outputs(self, outputs)

    def _team_outputs(
        self, stage: Stage, planned: Sequence[team_profile_plan.TeamProfile], arns: Sequence[str]
    ) -> None:
        """Add outputs of the teams' profiles, and of the policies that each team's role needs."""
        profiles = team_profile_plan.by_team(planned, arns)
        policies = {team: self._team_policies(stage, team) for team in profiles}
        outputs = {
            "TeamProfileArns": (self.to_json_string(profiles), "JSON: team -> profiles"),
            "TeamPolicyArns": (self.to_json_string(policies), "JSON: team -> policies"),
        }
        add_outputs(self, outputs)

    def _team_policies(self, stage: Stage, team: str) -> list[str]:
        """Return the ARNs of what a team's own role needs, the deny policy among them."""
        planned = team_profile_plan.planned(stage)
        profiles = team_profile_plan.with_ids(planned, self.team_profile_ids, team=team)
        guardrail = stage.callers.team_guardrails.get(team, self.invocation_scope.guardrail)
        scope = self.invocation_scope._replace(guardrail=guardrail)
        policies = InvokePolicies(
            self,
            f"TeamInvoke-{team}",
            documents=team_policies.invoke_policies(profiles, scope, described=True),
            description=f"Calls the application inference profiles of the team {team}",
        ).policies
        return [policy.managed_policy_arn for policy in (*policies, self.deny_policies.denials)]


def _team_profile(
    stack: ModelAccess, stage: Stage, planned: team_profile_plan.TeamProfile
) -> ApplicationInferenceProfile:
    return ApplicationInferenceProfile(
        stack,
        f"TeamProfile-{planned.team}-{planned.model.name}-{planned.route}",
        name=planned.name_in(stage.name),
        copied_arn=team_policies.copied_arn(planned.model, planned.route, stack.invocation_scope),
        tags=team_profile_plan.tags(stage, planned.team),
    )
