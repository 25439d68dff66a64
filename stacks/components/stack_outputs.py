"""Outputs of a stack: adding them, and reading those of another stack of the stage."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk


def add_outputs(stack: cdk.Stack, outputs: Mapping[str, tuple[str, str]]) -> None:
    """Add an output of `stack` for each id: its value, and the description that AWS shows."""
    for name, (value, description) in outputs.items():
        cdk.CfnOutput(stack, name, value=value, description=description)


def read_output(stack: cdk.Stack, name: str) -> str:
    """Return the output `name` of `stack`, as it is whenever the reading stack is deployed.

    CloudFormation refuses to delete or change an export while another stack imports it, which this
    avoids; the reader declares the order of the two stacks:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
    """
    return cdk.Fn.get_stack_output(stack.stack_name, name)
