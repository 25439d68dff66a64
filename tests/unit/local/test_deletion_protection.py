"""What has deletion protection stays, whoever deletes it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from ministack.services import cloudwatch_logs, dynamodb  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from local.embedded import deletion_protection
from local.embedded.deletion_protection import LOG_GROUP, TABLE

NAME = "/stage/invocations"
PROTECTED = {"LogGroupName": NAME, "DeletionProtectionEnabled": True}
UNPROTECTED = {**PROTECTED, "DeletionProtectionEnabled": False}
ARN = f"arn:aws:logs:us-east-1:000000000000:log-group:{NAME}"


@pytest.fixture(autouse=True)
def _protection(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = ("_create_log_group", "_delete_log_group", "_describe_log_groups", "handle_request")
    for name in changed:
        monkeypatch.setattr(cloudwatch_logs, name, getattr(cloudwatch_logs, name))
    for kind in (LOG_GROUP, TABLE):
        handlers = dict(provisioners._RESOURCE_HANDLERS[kind])
        monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, kind, handlers)
    monkeypatch.setattr(cloudwatch_logs, "_log_groups", {})
    monkeypatch.setattr(dynamodb, "_tables", {})
    deletion_protection.add()


def call(operation: str, **request: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - a request's members
    headers = {"x-amz-target": f"Logs_20140328.{operation}"}
    body = json.dumps(request).encode()
    status, _, answer = asyncio.run(cloudwatch_logs.handle_request("POST", "/", headers, body, {}))
    return status, json.loads(answer or b"{}")


def handler(kind: str, name: str) -> Any:  # noqa: ANN401 - MiniStack's own
    return provisioners._RESOURCE_HANDLERS[kind][name]


def is_protected() -> bool:
    _, answer = call("DescribeLogGroups")
    (group,) = answer["logGroups"]
    return bool(group["deletionProtectionEnabled"])


def test_a_stack_does_not_delete_a_protected_log_group() -> None:
    handler(LOG_GROUP, "create")("Logs", PROTECTED, "stack")

    with pytest.raises(ValueError, match=r"^Cannot delete log group with deletion protection"):
        handler(LOG_GROUP, "delete")(NAME, PROTECTED)
    assert is_protected()

    handler(LOG_GROUP, "update")(NAME, PROTECTED, UNPROTECTED, "stack", logical_id="Logs")
    handler(LOG_GROUP, "delete")(NAME, UNPROTECTED)

    assert call("DescribeLogGroups")[1]["logGroups"] == []
    handler(LOG_GROUP, "delete")(NAME, UNPROTECTED)  # what is gone is deleted


@pytest.mark.parametrize("identifier", [NAME, ARN, f"{ARN}:*"])
def test_an_administrator_lifts_it_by_name_or_arn(identifier: str) -> None:
    call("CreateLogGroup", logGroupName=NAME, deletionProtectionEnabled=True)
    status, answer = call("DeleteLogGroup", logGroupName=NAME)
    assert (status, answer["__type"]) == (400, "ValidationException")

    operation = "PutLogGroupDeletionProtection"
    call(operation, logGroupIdentifier=identifier, deletionProtectionEnabled=False)

    assert call("DeleteLogGroup", logGroupName=NAME)[0] == 200
    status, _ = call(operation, logGroupIdentifier=identifier, deletionProtectionEnabled=False)
    assert status == 400


def test_a_stack_does_not_delete_a_protected_table() -> None:
    properties = {"TableName": "budgets", "DeletionProtectionEnabled": True}
    handler(TABLE, "create")("Table", properties, "stack")

    with pytest.raises(ValueError, match="protected against deletion"):
        handler(TABLE, "delete")("budgets", properties)
    assert "budgets" in dynamodb._tables

    dynamodb._tables["budgets"]["DeletionProtectionEnabled"] = False
    handler(TABLE, "delete")("budgets", properties)
    assert "budgets" not in dynamodb._tables
