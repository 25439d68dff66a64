"""The deny policy of a stage, and the permissions boundary that includes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.iam.nag_suppressions import acknowledge, wildcard_finding


class DenyPolicies(Construct):
    """The denials for principals that call models, and the boundary of what they may do."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: str,
        denials: Sequence[Mapping[str, Any]],
        boundary: Sequence[Mapping[str, Any]],
    ) -> None:
        super().__init__(scope, construct_id)
        self.denials: iam.IManagedPolicy = self._policy(
            "Denials", denials, f"Denies what {stage} does not allow, and every unlogged door"
        )
        self.boundary: iam.IManagedPolicy = self._policy(
            "Boundary", boundary, f"The most that a role which calls models for {stage} may do"
        )
        reason = "a boundary gives nothing: what a role may do is what its own policies name"
        acknowledge(
            self.boundary,
            {
                **{wildcard_finding(text, self): reason for text in _patterns_allowed(boundary)},
                **{f"IAM5[Action::{text}]": reason for text in _action_patterns(boundary)},
            },
        )

    def _policy(
        self, construct_id: str, statements: Sequence[Mapping[str, Any]], description: str
    ) -> iam.ManagedPolicy:
        policy = iam.ManagedPolicy(
            self,
            construct_id,
            description=description,
            statements=[iam.PolicyStatement.from_json(statement) for statement in statements],
        )
        # cfn-lint warns of denied actions that AWS's reference does not list yet; tests/access
        # tests them.
        ignored = {"config": {"ignore_checks": ["W3037"]}}
        cast("cdk.CfnResource", policy.node.default_child).add_metadata("cfn-lint", ignored)
        return policy


def _patterns_allowed(statements: Sequence[Mapping[str, Any]]) -> list[str]:
    allowed = [statement["Resource"] for statement in statements if statement["Effect"] == "Allow"]
    return [resource for resources in allowed for resource in resources if "*" in resource]


def _action_patterns(statements: Sequence[Mapping[str, Any]]) -> list[str]:
    allowed = [statement["Action"] for statement in statements if statement["Effect"] == "Allow"]
    return [action for actions in allowed for action in actions if "*" in action]
