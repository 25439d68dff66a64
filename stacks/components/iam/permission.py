"""Alone knows how a permission is told with its reason, and becomes statement and finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from aws_cdk import aws_iam as iam
from constructs import IConstruct

from stacks.components.iam.nag_suppressions import acknowledge, pattern_in


class Permission(NamedTuple):
    """What may be done (or, if `denied`, never be) on which resources. `because` says why a
    resource is a pattern: what a checker finds there is answered by it, and left open without."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[str]
    because: str = ""
    conditions: Mapping[str, Mapping[str, Any]] | None = None
    denied: bool = False

    def statement(self) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            sid=self.sid,
            effect=iam.Effect.DENY if self.denied else iam.Effect.ALLOW,
            actions=list(self.actions),
            resources=list(self.resources),
            conditions={operator: dict(test) for operator, test in (self.conditions or {}).items()},
        )


def answer_patterns(construct: IConstruct, permissions: Iterable[Permission]) -> None:
    """Answers what a checker finds in `construct`, which holds the `permissions`."""
    acknowledge(construct, findings(construct, permissions))


def findings(construct: IConstruct, permissions: Iterable[Permission]) -> dict[str, str]:
    """What a checker finds in the permissions of the stack of `construct` -> why it is so."""
    return {
        pattern_in(resource, construct): each.because
        for each in permissions
        for resource in each.resources
        if each.because and "*" in resource
    }
