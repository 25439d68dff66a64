"""Judges statements as IAM does, as far as ours go: patterns, denials first, negated conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from claude_bedrock.catalog.invoke_policies import Statement

_HOLDS = {
    "StringEquals": lambda expected, value: value in expected,
    "StringNotEquals": lambda expected, value: value not in expected,
    "ArnNotEquals": lambda expected, value: value not in expected,
    "ArnNotLike": lambda expected, value: not _fits_any(expected, value),
}


def judged(
    policy: Iterable[Statement], action: str, resource: str, context: Mapping[str, str]
) -> str:
    """`deny`, `allow`, or `neither`, which is a denial too where nothing else allows."""
    effects = {
        statement["Effect"]
        for statement in policy
        if _acts(statement, action)
        and _names(statement, resource)
        and _conditions_hold(statement.get("Condition", {}), context)
    }
    return "deny" if "Deny" in effects else "allow" if "Allow" in effects else "neither"


def _acts(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not _fits_any(_list(statement["NotAction"]), action)
    return _fits_any(_list(statement["Action"]), action)


def _names(statement: Statement, resource: str) -> bool:
    if "NotResource" in statement:
        return not _fits_any(_list(statement["NotResource"]), resource)
    return _fits_any(_list(statement["Resource"]), resource)


def _conditions_hold(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """An absent key fails an operator, and passes a negated one."""
    return all(
        _holds(operator, key, _list(expected), context)
        for operator, tests in condition.items()
        for key, expected in tests.items()
    )


def _holds(operator: str, key: str, expected: list[str], context: Mapping[str, str]) -> bool:
    if operator == "Null":
        return str(key not in context).lower() in expected
    return _HOLDS[operator](expected, context[key]) if key in context else "Not" in operator


def _fits_any(patterns: Iterable[str], text: str) -> bool:
    return any(_fits(pattern, text) for pattern in patterns)


def _fits(pattern: str, text: str) -> bool:
    if "*" not in pattern:
        return pattern == text
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text))


def _list(value: Any) -> list[str]:  # noqa: ANN401 - a policy writes one or a list of several
    return [value] if isinstance(value, str) else list(value)
