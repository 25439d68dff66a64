"""The removal policy of resources that hold records."""

from __future__ import annotations

import aws_cdk as cdk


def removal_policy(*, retain: bool) -> cdk.RemovalPolicy:
    """Return a policy by which what is to be kept survives its stack, unless its creation failed.

    The rollback of a first deployment deletes it then; one with deletion protection stops that
    rollback: docs/deploy.md, "When a deployment stops half way".
    """
    if retain:
        return cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    return cdk.RemovalPolicy.DESTROY
