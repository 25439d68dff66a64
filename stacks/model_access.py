"""Wires what may be invoked: the catalogue's statements for this stage, and no unlogged door."""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from catalog import MODELS, access, team_access
from stacks import team_profiles
from stacks.components.invoke_policies import InvokePolicies
from stacks.components.team_profiles import ApplicationInferenceProfile
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

        self._caller = team_access.Caller(stage.region, self.account, self.partition)
        planned = team_profiles.planned(stage)
        made = [self._team_profile(stage, each) for each in planned]
        self.team_profile_ids = [each.id for each in made]
        arns_of = team_profiles.by_team(planned, [each.arn for each in made])
        policies = {team: self._team_policies(team, planned) for team in arns_of}
        cdk.CfnOutput(self, "TeamProfileArns", value=self.to_json_string(arns_of))
        cdk.CfnOutput(self, "TeamPolicyArns", value=self.to_json_string(policies))

    def _team_profile(
        self, stage: Stage, planned: team_profiles.TeamProfile
    ) -> ApplicationInferenceProfile:
        return ApplicationInferenceProfile(
            self,
            f"Team-{planned.team}-{planned.model.name}-{planned.route}",
            name=planned.name_in(stage.name),
            copied_arn=team_access.copied_arn(planned.model, planned.route, self._caller),
            tags=team_profiles.tags(stage, planned.team),
        )

    def _team_policies(self, team: str, planned: list[team_profiles.TeamProfile]) -> list[str]:
        """The ARNs of the policies by which a role of the team's own may call its profiles."""
        profiles = team_profiles.with_ids(planned, self.team_profile_ids)
        policies = InvokePolicies(
            self,
            f"Team-{team}",
            documents=team_access.invoke_policies(
                [made for each, made in zip(planned, profiles, strict=True) if each.team == team],
                self._caller,
                described=True,
            ),
            description=f"Calls the application inference profiles of the team {team}",
        ).policies
        return [policy.managed_policy_arn for policy in policies]
