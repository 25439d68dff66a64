"""Policies of VPC endpoints: what the roles of a stage's functions may do, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

Statement = Mapping[str, Any]

_OF_RUNTIME: Final = (
    *("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"),
    *("bedrock:CountTokens", "bedrock:ApplyGuardrail"),
)
"""What bedrock-runtime serves, of the actions that begin with bedrock."""
_NO_CALLS: Final = ("ec2", "glue", "iam")
"""Prefixes of actions that are no calls of a function's code: Lambda connects the function, Athena
reads the catalog of Glue, and `iam:PassRole` comes with a call of another service."""


def endpoint_policies(
    statements: Iterable[Statement], *, account: str, answers: str
) -> dict[str, dict[str, Any]]:
    """Return a policy for each service that `statements`, those of the functions' roles, name.

    An endpoint lets through the actions and resources that one of them allows, for this account's
    principals alone; conditions stay the roles', so that a policy fits into 20,480 characters:
    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html

    `answers` are the objects by which custom resources answer CloudFormation, which signs the URL.
    """
    return {
        service: _policy(service, opened, account, answers)
        for service, opened in sorted(_opened(statements).items())
    }


def services_of(statements: Iterable[Statement]) -> list[str]:
    """Return the services that a function with these statements calls by an endpoint."""
    return sorted(_opened(statements))


def _opened(statements: Iterable[Statement]) -> dict[str, list[dict[str, Any]]]:
    """Return the statements of each service, one for all resources of the same actions."""
    resources: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
    for statement in statements:
        if statement["Effect"] != "Allow" or _is_by_other_service(statement):
            continue
        for service, actions in _actions_by_service(statement).items():
            listed = resources.setdefault((service, tuple(actions)), {})
            listed.update((json.dumps(arn), arn) for arn in _listed(statement["Resource"]))
    by_service: dict[str, list[dict[str, Any]]] = {}
    for (service, names), arns in resources.items():
        by_service.setdefault(service, []).append(_allow(list(names), [*arns.values()]))
    return by_service


def _policy(
    service: str, opened: list[dict[str, Any]], account: str, answers: str
) -> dict[str, Any]:
    others: dict[str, Any] = {
        "Sid": "DenyOtherAccounts",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": account}},
    }
    if service == "s3":
        signed_by_cloudformation = _allow(["s3:PutObject"], [answers])
        statements = [*opened, signed_by_cloudformation, {**others, "NotResource": [answers]}]
    else:
        statements = [*opened, {**others, "Resource": "*"}]
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: list[str], resources: list[Any]) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": "*",
        "Action": actions,
        "Resource": resources,
    }


def _actions_by_service(statement: Statement) -> dict[str, list[str]]:
    """Return the actions by the service that a function calls for them."""
    by_service: dict[str, list[str]] = {}
    for action in _listed(statement["Action"]):
        prefix = action.partition(":")[0]
        service = "bedrock-runtime" if action in _OF_RUNTIME else prefix
        if prefix not in _NO_CALLS:
            by_service.setdefault(service, []).append(action)
    return by_service


def _is_by_other_service(statement: Statement) -> bool:
    """Return whether another service uses a key in the role's name: no call of the function."""
    return any("kms:ViaService" in tests for tests in statement.get("Condition", {}).values())


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - a value of a statement, or a list of them
    return value if isinstance(value, list) else [value]
