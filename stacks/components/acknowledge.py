"""Alone knows how a finding of a checker is answered: where it arises, with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Answer AwsSolutions findings on `construct` and what it holds: finding -> reason.

    A finding that names a value is written with it, as `IAM5[Resource::*]`.
    """
    cdk.Validations.of(construct).acknowledge(
        *(
            cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{finding}", reason=reason)
            for finding, reason in reasons.items()
        )
    )


def pattern_in(resource: str, construct: IConstruct) -> str:
    """The finding on a `resource` that is a pattern, where the stack's account may be a token."""
    account = cdk.Stack.of(construct).account
    known = not cdk.Token.is_unresolved(account)
    written = resource if known else resource.replace(account, "<AWS::AccountId>")
    return f"IAM5[Resource::{written}]"


def logical_id(construct: IConstruct) -> str:
    """The name of `construct` in its template, by which a finding calls it."""
    element = cast("cdk.CfnElement", construct.node.default_child)
    return cdk.Stack.of(construct).get_logical_id(element)
