"""IAM roles of a stage for people and programs: name, trust policy and permissions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.iam.permission import Permission, acknowledge_wildcards

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
            assumed_by=_trust_principal(cdk.Stack.of(self), trust),
            managed_policies=list(managed_policies),
            permissions_boundary=permissions_boundary,
        )
        for permission in permissions:
            self.role.add_to_policy(permission.statement())
        acknowledge_wildcards(self, permissions)


class ArnPrincipals(iam.PrincipalBase):
    """Principals in one statement. CDK writes a statement for each, and IAM takes 2,048 characters:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

    def __init__(self, arns: Sequence[str]) -> None:
        super().__init__()
        self._arns = arns

    @property
    def policy_fragment(self) -> iam.PrincipalPolicyFragment:
        """The `Principal` of the statement."""
        return iam.PrincipalPolicyFragment({"AWS": list(self._arns)})

    def dedupe_string(self) -> str | None:
        """Return what makes it equal to another: CDK then compares the statements."""
        return None


def _trust_principal(stack: cdk.Stack, trust: Trust) -> iam.IPrincipal:
    """Return the principals that the trust names; where it names none, the account, whose own IAM
    then decides."""
    named: list[iam.IPrincipal] = []
    if trust.principals:
        named.append(ArnPrincipals(trust.principals))
    if trust.github:
        named.append(_github(stack, trust.github))
    return iam.CompositePrincipal(*named) if named else iam.AccountRootPrincipal()


def _github(stack: cdk.Stack, subjects: Sequence[str]) -> iam.IPrincipal:
    """Return GitHub's subjects behind the account's identity provider, which has to exist:
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
