"""The role whose sessions are the callers': it alone invokes models, and the gateway alone assumes
it, with the caller's name in the session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.iam.viewer_permissions import INVOKE_ACTIONS

TAG_KEYS = ("stage", "team", "caller")
ASSUME = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
"""What it takes to assume a role with tags and a source identity:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html"""


class CallerRole(Construct):
    """A role by the name `name`, which `gateway_role` assumes for the callers of `stage_name`.
    `statements` are its own beside `managed_policies`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        stage_name: str,
        gateway_role: iam.IRole,
        managed_policies: Sequence[iam.IManagedPolicy],
        permissions_boundary: iam.IManagedPolicy,
        statements: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        gateway = iam.ArnPrincipal(gateway_role.role_arn)
        of_stage = {"aws:RequestTag/stage": stage_name}
        has_caller = {"Null": {"aws:RequestTag/caller": "false"}}
        self.role = iam.Role(
            self,
            "Role",
            role_name=name,
            description=f"Calls Claude in the name of a caller: {stage_name}",
            assumed_by=gateway.with_conditions({"StringEquals": of_stage, **has_caller}),
            managed_policies=list(managed_policies),
            permissions_boundary=permissions_boundary,
        )
        for statement in statements:
            self.role.add_to_policy(iam.PolicyStatement.from_json(statement))
        policy = self.role.assume_role_policy
        assert policy is not None  # noqa: S101 - None is for an imported role
        only_ours = {"ForAllValues:StringEquals": {"aws:TagKeys": list(TAG_KEYS)}}
        policy.add_statements(
            _statement(gateway, "sts:TagSession", {"StringEquals": of_stage, **only_ours}),
            _statement(gateway, "sts:SetSourceIdentity", {"Null": {"sts:SourceIdentity": "false"}}),
        )


def assume_statements(role_arn: str) -> list[iam.PolicyStatement]:
    """Return the gateway's own permissions: it may assume that role, and invoke nothing."""
    return [
        iam.PolicyStatement(sid="AssumeCallerRole", actions=list(ASSUME), resources=[role_arn]),
        iam.PolicyStatement(
            sid="DenyInvokingModels",
            effect=iam.Effect.DENY,
            actions=list(INVOKE_ACTIONS),
            resources=["*"],
        ),
    ]


def _statement(
    principal: iam.IPrincipal, action: str, conditions: dict[str, object]
) -> iam.PolicyStatement:
    return iam.PolicyStatement(principals=[principal], actions=[action], conditions=conditions)
