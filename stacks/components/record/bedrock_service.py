"""Conditions under which Bedrock acts for this account and Region only."""

from __future__ import annotations

import aws_cdk as cdk


def from_this_account(stack: cdk.Stack) -> dict[str, dict[str, str]]:
    """Return the conditions of a statement for the principal bedrock.amazonaws.com.

    Without them, Bedrock could be made to deliver another account's records here.
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
    """
    source = f"arn:{stack.partition}:bedrock:{stack.region}:{stack.account}:*"
    return {
        "StringEquals": {"aws:SourceAccount": stack.account},
        "ArnLike": {"aws:SourceArn": source},
    }
