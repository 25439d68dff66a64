"""Suppressions of cdk-nag findings, each with a reason, on the construct that causes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

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


def wildcard_finding(resource: str, construct: IConstruct) -> str:
    """Return the id of the finding on a `resource` that is a pattern."""
    return f"IAM5[Resource::{_nag_text(cdk.Stack.of(construct).resolve(resource))}]"


def _nag_text(value: Any) -> str:  # noqa: ANN401 - what a token stands for may be anything
    """Return how cdk-nag writes a value that CloudFormation will fill in."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    match function:
        case "Ref":
            return f"<{argument}>"
        case "Fn::GetAtt":
            return f"<{'.'.join(argument)}>"
        case "Fn::Join":
            return str(argument[0]).join(map(_nag_text, argument[1]))
        case "Fn::ImportValue":
            return _nag_text(argument)
        case "Fn::GetStackOutput":
            return json.dumps(value, separators=(",", ":"))
    raise ValueError(f"{function} is not read here")


def logical_id(construct: IConstruct) -> str:
    """Return the logical id of `construct`, by which a finding names it."""
    element = cast("cdk.CfnElement", construct.node.default_child)
    return cdk.Stack.of(construct).get_logical_id(element)
