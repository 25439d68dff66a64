"""Permissions of a pipeline that deploys the stage: the bootstrap roles, and what doctor reads."""

from __future__ import annotations

from typing import Final

from stacks.components.iam.operator_permissions import readiness_permissions
from stacks.components.iam.permission import Permission
from stacks.components.iam.stage_names import StageNames

ROLE: Final = "deploy"
BOOTSTRAP_ROLES: Final = ("deploy-role", "file-publishing-role", "lookup-role")
"""The roles of `cdk bootstrap` that the CDK CLI assumes for templates with files and without
container images: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""


def deploy_permissions(names: StageNames, *, qualifier: str, own_role: str) -> list[Permission]:
    """Return what a pipeline may do beside `viewer_permissions`, which also deny to invoke.

    CloudFormation makes the resources by a role of its own, which the deploy role of the bootstrap
    passes to it; so this role needs no permission on any of them.
    """
    ending = f"{names.stack.account}-{names.stack.region}"
    return [
        Permission(
            "AssumeBootstrapRoles",
            ("sts:AssumeRole",),
            [names.iam(f"role/cdk-{qualifier}-{role}-{ending}") for role in BOOTSTRAP_ROLES],
        ),
        *readiness_permissions(names, own_role, qualifier),
    ]
