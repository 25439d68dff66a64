"""Alone knows how statements on models become managed policies that a role can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from constructs import Construct


class InvokePolicies(Construct):
    """One managed policy per list of statements; whoever calls a model needs all of them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        documents: Sequence[Sequence[Mapping[str, Any]]],
        description: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.policies: list[iam.IManagedPolicy] = [
            iam.ManagedPolicy(
                self,
                f"Policy{number}",
                description=description,
                statements=[iam.PolicyStatement.from_json(statement) for statement in statements],
            )
            for number, statements in enumerate(documents, start=1)
        ]
