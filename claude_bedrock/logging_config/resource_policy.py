"""The decision of a resource's policy about a request, as IAM would make it.

Only what is certain counts as allowed or denied for sure; a condition on something that is not
known of the request may hold or not. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

Policy = Mapping[str, Any]
Statement = Mapping[str, Any]
ANYONE: Final = "*"
"""As the principal of a request: whoever it is."""
_UNLIKE_ANY_TEXT: Final = "\0" * 9
_NUMBERS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "NumericEquals": lambda value, limit: value == limit,
    "NumericLessThan": lambda value, limit: value < limit,
    "NumericLessThanEquals": lambda value, limit: value <= limit,
    "NumericGreaterThan": lambda value, limit: value > limit,
    "NumericGreaterThanEquals": lambda value, limit: value >= limit,
}


class Request(NamedTuple):
    """What somebody would ask of a resource.

    `principal` is a service's name, a role's ARN or ANYONE; `resource` an ARN, or many when it ends
    in `*`. `context` has condition keys in lower case: None is a key that the request does not
    have; of a key that is not in it nothing is known."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, str | None]


def is_allowed(policy: Policy, request: Request) -> bool:
    """Return whether a statement surely allows the request, for all of its resources."""
    return any(
        statement["Effect"] == "Allow" and _is_sure(statement, request)
        for statement in statements(policy)
    )


def is_denied(policy: Policy, request: Request) -> bool:
    """Return whether a statement surely denies the request, for all of its resources."""
    return any(
        statement["Effect"] == "Deny" and _is_sure(statement, request)
        for statement in statements(policy)
    )


def possible_denials(policy: Policy, request: Request) -> Iterator[str]:
    """Name the statements that may deny the request for one of its resources: each by its Sid, or
    by its place, from 1."""
    for number, statement in enumerate(statements(policy), 1):
        if statement["Effect"] == "Deny" and _may_match(statement, request):
            yield statement.get("Sid") or f"statement {number}"


def _is_sure(statement: Statement, request: Request) -> bool:
    return (
        _names(statement, request.principal)
        and _acts(statement, request.action)
        and _covers(statement, request.resource)
        and _holds(statement, request) is True
    )


def _may_match(statement: Statement, request: Request) -> bool:
    return (
        _names(statement, request.principal)
        and _acts(statement, request.action)
        and _meets(statement, request.resource)
        and _holds(statement, request) is not False
    )


def statements(policy: Policy) -> list[Statement]:
    """Return its statements: JSON may have one alone without a list."""
    return members(policy.get("Statement", []))


def members(value: Any) -> list[Any]:  # noqa: ANN401 - JSON: one thing, or several
    """Return the things that an element of a policy names: JSON has one by itself."""
    return value if isinstance(value, list) else [value]


# --- principals


def _names(statement: Statement, principal: str) -> bool:
    """Return whether the statement is for the principal, by its `Principal` or `NotPrincipal`."""
    if "NotPrincipal" in statement:
        return not _is_among(principal, statement["NotPrincipal"]) and principal != ANYONE
    return _is_among(principal, statement.get("Principal", {}))


def _is_among(principal: str, named: Any) -> bool:  # noqa: ANN401 - JSON
    if named == "*":
        return True
    of_aws = members(named.get("AWS", []))
    if "*" in of_aws:
        return True
    if not principal.startswith("arn:"):
        return principal in members(named.get("Service", []))
    account, role = principal.split(":")[4], principal.rpartition("/")[2]
    sessions = f":sts::{account}:assumed-role/{role}/"
    root = principal.replace(principal.rpartition(":")[2], "root")
    return any(arn in (principal, account, root) or sessions in arn for arn in of_aws)


# --- actions and resources


def _acts(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not _any_like(statement["NotAction"], action.lower(), str.lower)
    return _any_like(statement.get("Action", []), action.lower(), str.lower)


def _covers(statement: Statement, resource: str) -> bool:
    """Return whether it is for every resource of that form; a role's trust policy names none."""
    if not {"Resource", "NotResource"} & {*statement}:
        return True
    form = resource.replace("*", _UNLIKE_ANY_TEXT)
    if "NotResource" in statement:
        excepted = members(statement["NotResource"])
        return not any(overlap(pattern, resource) for pattern in excepted)
    return _any_like(statement.get("Resource", []), form, str)


def _meets(statement: Statement, resource: str) -> bool:
    """Return whether it is for some resource of that form."""
    if not {"Resource", "NotResource"} & {*statement}:
        return True
    if "NotResource" in statement:
        form = resource.replace("*", _UNLIKE_ANY_TEXT)
        return not _any_like(statement["NotResource"], form, str)
    return any(overlap(pattern, resource) for pattern in members(statement.get("Resource", [])))


def _any_like(patterns: Any, text: str, fold: Callable[[str], str]) -> bool:  # noqa: ANN401 - JSON
    return any(is_like(text, fold(pattern)) for pattern in members(patterns))


def is_like(text: str, pattern: str) -> bool:
    """Return whether the text matches a pattern in which `*` stands for anything and `?` for one
    character. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"""
    parts = (
        ".*" if character == "*" else "." if character == "?" else re.escape(character)
        for character in pattern
    )
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


@lru_cache(maxsize=4096)
def overlap(pattern: str, other: str) -> bool:
    """Return whether some text matches both patterns."""
    if not pattern or not other:
        return not (pattern + other).strip("*")
    if pattern[0] == "*":
        return overlap(pattern[1:], other) or overlap(pattern, other[1:])
    if other[0] == "*":
        return overlap(other, pattern)
    return (pattern[0] == other[0] or "?" in (pattern[0], other[0])) and overlap(
        pattern[1:], other[1:]
    )


# --- conditions


def _holds(statement: Statement, request: Request) -> bool | None:
    """Return whether all of its conditions hold; None where that depends on what is not known."""
    tested = [
        _test(operator, members(values), request.context.get(key.lower(), ...))
        for operator, tests in statement.get("Condition", {}).items()
        for key, values in tests.items()
    ]
    if False in tested:
        return False
    return None if None in tested else True


def _test(operator: str, expected: Sequence[Any], value: Any) -> bool | None:  # noqa: ANN401 - ... too
    """Evaluate one condition:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
    if value is ... or ":" in operator:
        return None
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in expected]
    if operator == "Null":
        return (value is None) is (texts == ["true"])
    name = operator.removesuffix("IfExists")
    negated = "Not" in name
    if value is None:
        return negated or operator != name
    result = _compare(name.replace("Not", ""), texts, value)
    return result if result is None else result is not negated


def _compare(name: str, expected: Sequence[str], value: str) -> bool | None:
    """Return whether the value is one of those expected, by an operator that is not negated."""
    match name:
        case "StringEquals":
            return value in expected
        case "StringEqualsIgnoreCase" | "Bool":
            return value.lower() in [text.lower() for text in expected]
        case "StringLike" | "ArnLike" | "ArnEquals":
            text = value.replace("*", _UNLIKE_ANY_TEXT)
            return any(is_like(text, pattern) for pattern in expected)
    number = _NUMBERS.get(name)
    return None if number is None else any(number(float(value), float(limit)) for limit in expected)
