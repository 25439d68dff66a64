"""Wires what may be invoked: the catalogue's statements for this stage, and no unlogged door."""

from __future__ import annotations

import json

import aws_cdk as cdk
from constructs import Construct

from catalog import MODELS, access, guard, team_access
from catalog.access import Place
from catalog.guard import Guarded
from stacks import team_profiles
from stacks.components.guard_policies import GuardPolicies
from stacks.components.invoke_policies import InvokePolicies
from stacks.components.team_profiles import ApplicationInferenceProfile
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
        self.place = guarded.place
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

        planned = team_profiles.planned(stage)
        made = [self._team_profile(stage, each) for each in planned]
        self.team_profile_ids = [each.id for each in made]
        profile_arns = team_profiles.by_team(planned, [each.arn for each in made])
        policy_arns = {team: self._team_policies(stage, team) for team in profile_arns}

        arns = [policy.managed_policy_arn for policy in self.invoke_policies]
        cdk.CfnOutput(self, "InvokePolicyArn", value=",".join(arns))
        cdk.CfnOutput(self, "GuardPolicyArn", value=self.guard.denials.managed_policy_arn)
        cdk.CfnOutput(self, "BoundaryPolicyArn", value=self.guard.boundary.managed_policy_arn)
        cdk.CfnOutput(self, "Settings", value=json.dumps(stage.told()))
        cdk.CfnOutput(self, "TeamProfileArns", value=self.to_json_string(profile_arns))
        cdk.CfnOutput(self, "TeamPolicyArns", value=self.to_json_string(policy_arns))

    def _team_profile(
        self, stage: Stage, planned: team_profiles.TeamProfile
    ) -> ApplicationInferenceProfile:
        return ApplicationInferenceProfile(
            self,
            f"TeamProfile-{planned.team}-{planned.model.name}-{planned.route}",
            name=planned.name_in(stage.name),
            copied_arn=team_access.copied_arn(planned.model, planned.route, self.place),
            tags=team_profiles.tags(stage, planned.team),
        )

    def _team_policies(self, stage: Stage, team: str) -> list[str]:
        """The ARNs of what a role of the team's own needs, the guard among them."""
        planned = team_profiles.planned(stage)
        profiles = team_profiles.with_ids(planned, self.team_profile_ids, team=team)
        policies = InvokePolicies(
            self,
            f"TeamInvoke-{team}",
            documents=team_access.invoke_policies(profiles, self.place, described=True),
            description=f"Calls the application inference profiles of the team {team}",
        ).policies
        return [policy.managed_policy_arn for policy in (*policies, self.guard.denials)]

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
