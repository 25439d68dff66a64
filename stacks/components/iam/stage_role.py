"""Alone knows how a role for people and programs is made: its name, and who may take it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.iam.permission import Permission, answer_patterns

GITHUB = "token.actions.githubusercontent.com"


class Trust(Protocol):
    """ARNs of roles and users, and GitHub's `OWNER/REPOSITORY:…` subjects without patterns."""

    @property
    def principals(self) -> Sequence[str]: ...
    @property
    def github(self) -> Sequence[str]: ...


class StageRole(Construct):
    """A role with a fixed name, so that people and their other policies can name it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        description: str,
        trust: Trust,
        permissions: Sequence[Permission] = (),
        managed_policies: Sequence[iam.IManagedPolicy] = (),
        permissions_boundary: iam.IManagedPolicy | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            role_name=name,
            description=description,
            assumed_by=_trusted(cdk.Stack.of(self), trust),
            managed_policies=list(managed_policies),
            permissions_boundary=permissions_boundary,
        )
        for permission in permissions:
            self.role.add_to_policy(permission.statement())
        answer_patterns(self, permissions)


def _trusted(stack: cdk.Stack, trust: Trust) -> iam.IPrincipal:
    """Whom the trust names; the account, whose own IAM then decides, where it names nobody."""
    named: list[iam.IPrincipal] = [iam.ArnPrincipal(arn) for arn in trust.principals]
    if trust.github:
        named.append(_github(stack, trust.github))
    return iam.CompositePrincipal(*named) if named else iam.AccountRootPrincipal()


def _github(stack: cdk.Stack, subjects: Sequence[str]) -> iam.IPrincipal:
    """GitHub's provider is one of the account, which is named here and not made:
    https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
    """
    provider = f"arn:{stack.partition}:iam::{stack.account}:oidc-provider/{GITHUB}"
    return iam.WebIdentityPrincipal(
        provider,
        conditions={
            "StringEquals": {
                f"{GITHUB}:aud": "sts.amazonaws.com",
                f"{GITHUB}:sub": [f"repo:{subject}" for subject in subjects],
            }
        },
    )
