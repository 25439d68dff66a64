"""Alone knows how a policy may go wrong by one statement: it is gone, or one resource is any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from tests.access.matrix import Mutant
from tests.access.principals import ADMINISTRATOR, Policy, Principal
from tests.access.questions import Cell

NOT_ASKED: Final = {
    "apigateway:GET": "API Gateway's account settings; no model and no record",
    "apigateway:PATCH": "API Gateway's account settings; no model and no record",
    "cloudformation:DescribeStacks": "tells whether a stack is being deleted",
    "iam:AttachRolePolicy": "API Gateway's log role: test_statements.py holds its one policy",
    "iam:CreateRole": "API Gateway's log role: test_statements.py holds its name",
    "iam:PassRole": "roles handed to services: test_statements.py",
    "kms:GenerateDataKey": "Bedrock encrypts what it delivers; nothing is read by it",
    "logs:CreateLogStream": "a function, or Bedrock, writes its own log",
    "logs:PutLogEvents": "a function, or Bedrock, writes its own log",
    "s3:ListBucketVersions": "lists the bucket that is being emptied",
    "s3:PutObject": "Bedrock writes large bodies",
    "xray:PutTelemetryRecords": "traces",
    "xray:PutTraceSegments": "traces",
}
"""Actions that are not asked about, and why a mistake there opens no model and no record."""


def mutants(principals: Sequence[Principal], cells: Sequence[Cell]) -> list[Mutant]:
    """Every statement that bears on what is asked: without it, and with each resource that it
    names become any resource."""
    asked = {cell.action for cell in cells}
    return [
        mutant
        for policy, statement in _statements(principals)
        if any(_covers(statement, action) for action in asked)
        for mutant in _of(policy, statement)
    ]


def unaccounted(principals: Sequence[Principal], cells: Sequence[Cell]) -> set[str]:
    """Actions of statements that are neither asked about nor in NOT_ASKED."""
    asked = {cell.action for cell in cells}
    return {
        f"{policy.name}: {action}"
        for policy, statement in _statements(principals)
        if not any(_covers(statement, each) for each in asked)
        for action in _listed(statement.get("Action", []))
        if action not in NOT_ASKED
    }


def _statements(principals: Sequence[Principal]) -> Iterator[tuple[Policy, Mapping[str, Any]]]:
    seen: list[tuple[str, Mapping[str, Any]]] = []
    for principal in principals:
        for policy in principal.policies:
            for statement in policy.statements:
                if policy != ADMINISTRATOR and (policy.name, statement) not in seen:
                    seen.append((policy.name, statement))
                    yield policy, statement


def _of(policy: Policy, statement: Mapping[str, Any]) -> Iterator[Mutant]:
    name = f"{policy.name}: {statement['Sid']}"
    yield Mutant(f"{name} is gone", policy.name, statement, None)
    for key in ("Resource", "NotResource"):
        named = _listed(statement.get(key, []))
        for number, resource in enumerate(named):
            if resource != "*":
                wider = [*named[:number], "*", *named[number + 1 :]]
                changed = {**statement, key: wider}
                yield Mutant(f"{name}: {resource} is *", policy.name, statement, changed)


def _covers(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return True
    named = _listed(statement["Action"])
    return any(fnmatchcase(action.lower(), each.lower()) for each in named)


def _listed(value: Any) -> list[str]:  # noqa: ANN401 - a policy's element is one or a list
    return list(value) if isinstance(value, list) else [value]
