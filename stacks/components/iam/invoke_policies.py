"""Managed policies that allow to invoke models, as many as a role can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from constructs import Construct

# A role holds ten, and needs the deny policy beside these:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MAX_POLICIES = 9


class TooManyPoliciesError(Exception):
    """The stage's models and routes fill more policies than a role can hold."""


class InvokePolicies(Construct):
    """One managed policy per list of statements; a caller of models needs all of them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        documents: Sequence[Sequence[Mapping[str, Any]]],
        description: str,
    ) -> None:
        super().__init__(scope, construct_id)
        if len(documents) > MAX_POLICIES:
            raise TooManyPoliciesError(
                f"models and routes fill {len(documents)} managed policies, and a role holds "
                f"{MAX_POLICIES} beside the deny policy: name fewer models or fallback routes"
            )
        self.policies: list[iam.IManagedPolicy] = [
            iam.ManagedPolicy(
                self,
                f"Policy{number}",
                description=description,
                statements=[iam.PolicyStatement.from_json(statement) for statement in statements],
            )
            for number, statements in enumerate(documents, start=1)
        ]
