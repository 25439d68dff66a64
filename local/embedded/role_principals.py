"""A role's trust names principals that exist, as IAM demands when a role is made and when its trust
changes. Of other accounts the embedded AWS knows nothing, and takes them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ministack.core.responses import get_account_id  # type: ignore[import-untyped]
from ministack.services import iam  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

TYPE: Final = "AWS::IAM::Role"
_CALLS: Final = {
    "CreateRole": "AssumeRolePolicyDocument",
    "UpdateAssumeRolePolicy": "PolicyDocument",
}


def add() -> None:
    """Have a role refused that trusts a role or user which the account lacks; before MiniStack
    starts."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE]
    for name, position in (("create", 1), ("update", 2)):
        handlers[name] = _refuse_in_stack(handlers[name], position)
    for name, parameter in _CALLS.items():
        iam._IAM_HANDLERS[name] = _refuse_call(iam._IAM_HANDLERS[name], parameter)


def missing_principal(document: str | Mapping[str, Any]) -> str | None:
    """Return the first role or user of this account that the trust policy names and IAM lacks."""
    policy = json.loads(document) if isinstance(document, str) else document
    own = f"arn:aws:iam::{get_account_id()}:"
    existing = {item["Arn"] for items in (iam._roles, iam._users) for item in items.values()}
    for arn in _principals(policy):
        is_own = arn.startswith((f"{own}role/", f"{own}user/"))
        if is_own and arn not in existing:
            return arn
    return None


def _principals(policy: Mapping[str, Any]) -> Iterator[str]:
    statements = policy.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        arns = principal.get("AWS", []) if isinstance(principal, Mapping) else []
        yield from map(str, arns if isinstance(arns, list) else [arns])


def _message(arn: str) -> str:
    return f'Invalid principal in policy: "AWS":"{arn}"'


def _refuse_in_stack(make: Callable[..., Any], position: int) -> Callable[..., Any]:
    """`position` is that of the properties among what the handler is given."""

    def handler(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        document = arguments[position].get("AssumeRolePolicyDocument", {})
        if arn := missing_principal(document):
            raise ValueError(f"MalformedPolicyDocument: {_message(arn)}")
        return make(*arguments, **named)

    return handler


def _refuse_call(answer: Callable[..., Any], parameter: str) -> Callable[..., Any]:
    def call(parameters: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        try:
            arn = missing_principal(iam._p(parameters, parameter) or "{}")
        except ValueError:  # MiniStack says what is wrong with it
            arn = None
        if arn:
            return iam._error(400, "MalformedPolicyDocument", _message(arn), ns="iam")
        return answer(parameters)

    return call
