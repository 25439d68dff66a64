"""A role's permissions boundary: MiniStack's IAM has it, its CloudFormation passes it over.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
"""

from collections.abc import Callable
from typing import Any, Final

from ministack.services import iam  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

TYPE: Final = "AWS::IAM::Role"

Made = tuple[str, dict[str, Any]]


def add() -> None:
    """Teach MiniStack the property; before it starts."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE]
    handlers["create"] = _with_boundary(handlers["create"], at=1)
    handlers["update"] = _with_boundary(handlers["update"], at=2)


def _with_boundary(make: Callable[..., Made], *, at: int) -> Callable[..., Made]:
    """`at` is where the properties stand among what the handler is given."""

    def handler(*arguments: Any, **named: Any) -> Made:  # noqa: ANN401 - MiniStack's own
        name, attributes = make(*arguments, **named)
        iam._roles[name]["PermissionsBoundary"] = arguments[at].get("PermissionsBoundary")
        return name, attributes

    return handler
