"""Alone knows how a policy may go wrong by one statement: it is gone, or one resource is any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from tools.docs.access.authorization import members
from tools.docs.access.matrix import Mutant
from tools.docs.access.policy_test_cases import Cell
from tools.docs.access.principals import ADMINISTRATOR, Policy, Principal

NOT_TESTED: Final = {
    "reads how something is set up, or that it is there": (
        "athena:GetNamedQuery",
        "athena:GetQueryExecution",
        "athena:GetWorkGroup",
        "athena:List*",
        "bedrock:Get*",
        "bedrock:List*",
        "cloudformation:Describe*",
        "cloudformation:GetTemplate",
        "cloudformation:List*",
        "cloudtrail:LookupEvents",
        "cloudwatch:Describe*",
        "cloudwatch:Get*",
        "cloudwatch:List*",
        "glue:Get*",
        "iam:Get*",
        "iam:List*",
        "iam:SimulatePrincipalPolicy",
        "kms:DescribeKey",
        "kms:GetKey*",
        "lambda:GetAccountSettings",
        "lambda:GetFunctionCon*",
        "s3:GetBucket*",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:List*",
        "servicequotas:*",
        "sns:GetTopicAttributes",
        "ssm:GetParameter",
    ),
    "whoever may start a query may stop it": ("athena:StopQueryExecution",),
    "the endpoint's keys, and API Gateway's settings": ("apigateway:*",),
    "API Gateway's log role, whose name and one policy test_statements.py holds": (
        "iam:AttachRolePolicy",
        "iam:CreateRole",
    ),
    "a role is handed to a service, which test_statements.py holds": ("iam:PassRole",),
    "one parameter with the logging configuration that a stage found: names and no prompt": (
        "ssm:DeleteParameter",
        "ssm:PutParameter",
    ),
    "the record is verified, and the answer holds no prompt": ("lambda:InvokeFunction",),
    "a function, or Bedrock, writes its own log or traces, and encrypts large bodies": (
        "kms:GenerateDataKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "xray:Put*",
    ),
}
"""Why a mistake opens no model and no record -> actions that the matrix does not ask about."""


def mutants(principals: Sequence[Principal], cells: Sequence[Cell]) -> list[Mutant]:
    """Return every statement that bears on what is asked: without it, and with each resource that
    it names become any resource."""
    tested = {cell.action for cell in cells}
    return [
        mutant
        for policy, statement in _statements(principals)
        if any(_covers(statement, action) for action in tested)
        for mutant in _of(policy, statement)
    ]


def unaccounted(principals: Sequence[Principal], cells: Sequence[Cell]) -> set[str]:
    """Return the actions of statements that are neither tested nor in NOT_TESTED."""
    tested = {cell.action for cell in cells}
    return {
        f"{policy.name}: {action}"
        for policy, statement in _statements(principals)
        if not any(_covers(statement, tested_action) for tested_action in tested)
        for action in members(statement.get("Action", []))
        if not any(
            fnmatchcase(action, pattern) for named in NOT_TESTED.values() for pattern in named
        )
    }


def _statements(principals: Sequence[Principal]) -> Iterator[tuple[Policy, Mapping[str, Any]]]:
    earlier: list[tuple[str, Mapping[str, Any]]] = []
    for principal in principals:
        for policy in principal.policies:
            for statement in policy.statements:
                if policy != ADMINISTRATOR and (policy.name, statement) not in earlier:
                    earlier.append((policy.name, statement))
                    yield policy, statement


def _of(policy: Policy, statement: Mapping[str, Any]) -> Iterator[Mutant]:
    name = f"{policy.name}: {statement['Sid']}"
    yield Mutant(f"{name} is gone", policy.name, statement, None, grows=False)
    for key in ("Resource", "NotResource"):
        named = members(statement.get(key, []))
        for number, resource in enumerate(named):
            if resource != "*":
                wider = [*named[:number], "*", *named[number + 1 :]]
                changed = {**statement, key: wider}
                grows = key == "Resource"
                title = f"{name}: {resource} is *"
                yield Mutant(title, policy.name, statement, changed, grows)


def _covers(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return True
    named = members(statement["Action"])
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in named)
