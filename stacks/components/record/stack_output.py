"""Reads what another stack of the stage may cease to have."""

from __future__ import annotations

import aws_cdk as cdk


def stack_output(stack: cdk.Stack, name: str) -> str:
    """The output `name` of `stack`, as it is whenever the reading stack is deployed.

    CloudFormation refuses to delete or change an export while another stack imports it, which this
    avoids; the two stacks' order is then the reader's to declare:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
    """
    return cdk.Fn.get_stack_output(stack.stack_name, name)
