"""A permission with its reason, as an IAM statement and as the answer to a cdk-nag finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from aws_cdk import aws_iam as iam
from constructs import IConstruct

from stacks.components.iam.nag_suppressions import acknowledge, wildcard_finding


class Permission(NamedTuple):
    """Actions that are allowed (or, if `denied`, denied) on resources. `reason` says why a resource
    is a pattern: it answers what cdk-nag finds there; without it the finding stays open."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[str]
    reason: str = ""
    conditions: Mapping[str, Mapping[str, Any]] | None = None
    denied: bool = False

    def statement(self) -> iam.PolicyStatement:
        """Return the statement for a policy."""
        return iam.PolicyStatement(
            sid=self.sid,
            effect=iam.Effect.DENY if self.denied else iam.Effect.ALLOW,
            actions=list(self.actions),
            resources=list(self.resources),
            conditions={operator: dict(test) for operator, test in (self.conditions or {}).items()},
        )


def acknowledge_wildcards(construct: IConstruct, permissions: Iterable[Permission]) -> None:
    """Answer what cdk-nag finds in `construct`, which holds the `permissions`."""
    acknowledge(construct, wildcard_findings(construct, permissions))


def wildcard_findings(construct: IConstruct, permissions: Iterable[Permission]) -> dict[str, str]:
    """Return what cdk-nag finds in the permissions, in the stack of `construct` -> the reason."""
    return {
        wildcard_finding(resource, construct): permission.reason
        for permission in permissions
        for resource in permission.resources
        if permission.reason and "*" in resource
    }
