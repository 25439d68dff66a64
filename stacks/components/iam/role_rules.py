"""The account's rules for roles, over every role of a tree: permissions boundary, path, prefix."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from claude_bedrock.catalog.role_names import LONGEST_PURPOSE, RoleNames

ROLE = "AWS::IAM::Role"
LIMITS = "Limits"
"""The name of the inline policy that says what a replaced boundary said."""


class RoleRules(NamedTuple):
    """What the account wants of roles. `boundary` is a policy's ARN, or its name in the stack's
    account; `limits` are the statements that stand in for a boundary of the stage's own."""

    names: RoleNames
    boundary: str | None
    limits: Sequence[Mapping[str, Any]]

    @property
    def are_empty(self) -> bool:
        return not (self.boundary or self.names.prefix) and self.names.path == "/"

    def boundary_arn(self, stack: cdk.Stack) -> str:
        """Return the ARN of the boundary in the account of `stack`."""
        boundary = self.boundary or ""
        if boundary.startswith("arn:"):
            return boundary
        return f"arn:{stack.partition}:iam::{stack.account}:policy/{boundary}"


@jsii.implements(cdk.IAspect)
class ApplyRoleRules:
    """Puts the rules on each role, whichever construct makes it: a role that CDK makes for a
    construct of its own is a plain resource. A role has one boundary:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """

    def __init__(self, rules: RoleRules) -> None:
        self._rules = rules

    def visit(self, node: IConstruct) -> None:
        """Put the rules on `node`, where it is a role."""
        if not isinstance(node, cdk.CfnResource) or node.cfn_resource_type != ROLE:
            return
        rules = self._rules
        if rules.names.path != "/":
            node.add_property_override("Path", rules.names.path)
        if rules.names.prefix and not _has_name(node):
            node.add_property_override("RoleName", self._name(node))
        if rules.boundary:
            if isinstance(node, iam.CfnRole) and node.permissions_boundary:
                node.add_property_override("Policies", [_inline(rules.limits)])
            boundary = rules.boundary_arn(cdk.Stack.of(node))
            node.add_property_override("PermissionsBoundary", boundary)

    def _name(self, role: cdk.CfnResource) -> str:
        """Return a name of the role's own in account and Region, for one that CloudFormation would
        name."""
        purpose = _purpose(role)
        if len(purpose) > LONGEST_PURPOSE:
            cdk.Annotations.of(role).add_error(
                f"The role {purpose} needs a purpose of at most {LONGEST_PURPOSE} characters, so "
                "that its name fits with account.role_prefix."
            )
        return self._rules.names.name(purpose)


def _has_name(role: cdk.CfnResource) -> bool:
    name = role.role_name if isinstance(role, iam.CfnRole) else None
    return name is not None and not cdk.Token.is_unresolved(name)


def _purpose(role: cdk.CfnResource) -> str:
    """Return the ids of the constructs around the role, in lower case, without `Role`, `Function`
    and `Resource`: `CanaryFunction/Role/Resource` is `canary`."""
    path = role.node.path.removeprefix(cdk.Stack.of(role).node.path)
    words = re.findall(r"[A-Z]+[a-z0-9]*|[a-z0-9]+", path)
    return "-".join(word for word in words if word not in {"Role", "Function", "Resource"}).lower()


def _inline(statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return {"PolicyName": LIMITS, "PolicyDocument": document}
