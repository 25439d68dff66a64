"""A role's permissions boundary: MiniStack's IAM has it, its CloudFormation passes it over. An
account may demand one of every new role, as a company's does by a policy.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
"""

from collections.abc import Callable
from typing import Any, Final

from ministack.core.responses import get_account_id  # type: ignore[import-untyped]
from ministack.services import iam  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

TYPE: Final = "AWS::IAM::Role"
VARIABLE: Final = "EMBEDDED_ROLE_BOUNDARY"
_BOOTSTRAP: Final = "cdk-"
"""The roles of `cdk bootstrap` are the administrator's, before the stage's."""

Made = tuple[str, dict[str, Any]]


def add(required: str = "") -> None:
    """Teach MiniStack the property; before it starts. `required` is the boundary, by ARN or name,
    without which a role is refused, whoever makes it: it is made here, and limits nothing."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE]
    handlers["create"] = _with_boundary(handlers["create"], at=1)
    handlers["update"] = _with_boundary(handlers["update"], at=2)
    if required:
        arn = _boundary_policy(required)
        handlers["create"] = _refuse_in_stack(handlers["create"], arn)
        calls = iam._IAM_HANDLERS
        calls["CreateRole"] = _refuse_call(calls["CreateRole"], arn)


def _boundary_policy(boundary: str) -> str:
    """Make the policy of that ARN or name, unless it is one of AWS's. Returns its ARN."""
    arn = boundary
    if not boundary.startswith("arn:"):
        arn = f"arn:aws:iam::{get_account_id()}:policy/{boundary}"
    if not iam._is_aws_managed_arn(arn):
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [everything]}
        path = "/" + arn.partition("/")[2].rpartition("/")[0]
        iam.store_policy(arn, arn.rpartition("/")[2], f"{path}/" if path != "/" else path, document)
    return arn


def _refuse_in_stack(make: Callable[..., Made], required: str) -> Callable[..., Made]:
    def handler(*arguments: Any, **named: Any) -> Made:  # noqa: ANN401 - MiniStack's own
        logical_id, properties = arguments[:2]
        name = str(properties.get("RoleName") or logical_id)
        if denial := _denial(name, properties.get("PermissionsBoundary"), required):
            raise ValueError(f"AccessDenied: {denial}")
        return make(*arguments, **named)

    return handler


def _refuse_call(create: Callable[..., Any], required: str) -> Callable[..., Any]:
    def call(parameters: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        name = iam._p(parameters, "RoleName")
        boundary = iam._p(parameters, "PermissionsBoundary")
        if denial := _denial(name, boundary, required):
            return iam._error(403, "AccessDenied", denial, ns="iam")
        return create(parameters)

    return call


def _denial(name: str, boundary: object, required: str) -> str:
    """Return why a policy with `iam:PermissionsBoundary` as condition refuses the role; empty where
    it does not."""
    if boundary == required or name.startswith(_BOOTSTRAP):
        return ""
    return (
        f"not authorized to perform: iam:CreateRole on resource: "
        f"arn:aws:iam::{get_account_id()}:role/{name} with an explicit deny in an identity-based "
        "policy"
    )


def _with_boundary(make: Callable[..., Made], *, at: int) -> Callable[..., Made]:
    """`at` is where the properties stand among what the handler is given."""

    def handler(*arguments: Any, **named: Any) -> Made:  # noqa: ANN401 - MiniStack's own
        name, attributes = make(*arguments, **named)
        iam._roles[name]["PermissionsBoundary"] = arguments[at].get("PermissionsBoundary")
        return name, attributes

    return handler
