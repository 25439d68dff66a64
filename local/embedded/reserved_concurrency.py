"""A function's reserved concurrency: MiniStack's Lambda has it, its CloudFormation passes it over.

What Lambda refuses, it refuses here in the same words:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

import json
from collections.abc import Callable
from typing import Any, Final

from ministack.services import lambda_svc  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

TYPE: Final = "AWS::Lambda::Function"
UNRESERVED_MINIMUM: Final = 100
"""What Lambda keeps for functions for which nothing is reserved."""

Properties = dict[str, Any]
Made = tuple[str, Properties]


def add() -> None:
    """Teach MiniStack the property."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE]
    handlers["create"] = _with_reservation(handlers["create"], at=1)
    handlers["update"] = _with_reservation(handlers["update"], at=2)


def _with_reservation(make: Callable[..., Made], *, at: int) -> Callable[..., Made]:
    """`at` is where the properties stand among what the handler is given."""

    def handler(*arguments: Any, **named: Any) -> Made:  # noqa: ANN401 - MiniStack's own
        requested = arguments[at].get("ReservedConcurrentExecutions")
        _check(int(requested or 0), already=lambda_svc._functions.get(arguments[0]) or {})
        name, attributes = make(*arguments, **named)
        lambda_svc._functions[name]["concurrency"] = None if requested is None else int(requested)
        return name, attributes

    return handler


def _check(requested: int, *, already: Properties) -> None:
    """`already` is the function as it was, empty where it is new."""
    held = already.get("concurrency") or 0
    if requested and requested > _unreserved() + held - UNRESERVED_MINIMUM:
        raise ValueError(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{UNRESERVED_MINIMUM}]."
        )


def _unreserved() -> int:
    _, _, body = lambda_svc._get_account_settings()
    limit: int = json.loads(body)["AccountLimit"]["UnreservedConcurrentExecutions"]
    return limit
