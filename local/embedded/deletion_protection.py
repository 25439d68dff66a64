"""Deletion protection of log groups and tables, which MiniStack's CloudFormation passes over.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/protecting-log-groups-from-deletion.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html#WorkingWithTables.Basics.DeletionProtection
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from ministack.core.responses import (  # type: ignore[import-untyped]
    error_response_json,
    json_response,
)
from ministack.services import cloudwatch_logs, dynamodb  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

LOG_GROUP: Final = "AWS::Logs::LogGroup"
TABLE: Final = "AWS::DynamoDB::Table"
_REFUSAL: Final = (
    "Cannot delete log group with deletion protection enabled. Disable deletion protection first."
)
_OPERATION: Final = "PutLogGroupDeletionProtection"
_PROPERTY: Final = "DeletionProtectionEnabled"
_MEMBER: Final = "deletionProtectionEnabled"

Reply = tuple[int, Mapping[str, str], bytes]
Request = Mapping[str, Any]
Operation = Callable[[Request], Reply]
Handler = Callable[..., Any]


def add() -> None:
    """Have both services and CloudFormation heed it; before MiniStack starts."""
    cloudwatch_logs._create_log_group = _remembering(cloudwatch_logs._create_log_group)
    cloudwatch_logs._delete_log_group = _unless_protected(cloudwatch_logs._delete_log_group)
    cloudwatch_logs._describe_log_groups = _describing(cloudwatch_logs._describe_log_groups)
    cloudwatch_logs.handle_request = _with_operation(cloudwatch_logs.handle_request)
    groups = provisioners._RESOURCE_HANDLERS[LOG_GROUP]
    groups["create"] = _protecting(groups["create"], properties_at=1)
    groups["update"] = _protecting(groups["update"], properties_at=2)
    groups["delete"] = _deleting("logGroupName", cloudwatch_logs._delete_log_group)
    tables = provisioners._RESOURCE_HANDLERS[TABLE]
    tables["delete"] = _deleting("TableName", dynamodb._delete_table)


def _remembering(create: Operation) -> Operation:
    def create_log_group(request: Request) -> Reply:
        reply = create(request)
        if reply[0] == 200:
            _protect(request["logGroupName"], request.get(_MEMBER, False))
        return reply

    return create_log_group


def _unless_protected(delete: Operation) -> Operation:
    def delete_log_group(request: Request) -> Reply:
        group = cloudwatch_logs._log_groups.get(request.get("logGroupName")) or {}
        if group.get(_MEMBER):
            reply: Reply = error_response_json("ValidationException", _REFUSAL, 400)
            return reply
        return delete(request)

    return delete_log_group


def _describing(describe: Operation) -> Operation:
    def describe_log_groups(request: Request) -> Reply:
        status, headers, body = describe(request)
        answer = json.loads(body)
        for group in answer.get("logGroups", ()):
            stored = cloudwatch_logs._log_groups[group["logGroupName"]]
            group[_MEMBER] = stored.get(_MEMBER, False)
        return status, headers, json.dumps(answer).encode()

    return describe_log_groups


def _with_operation(original: Callable[..., Any]) -> Callable[..., Any]:
    async def handle_request(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: object
    ) -> Reply:
        if headers.get("x-amz-target", "").endswith(f".{_OPERATION}"):
            return _put_deletion_protection(json.loads(body))
        reply: Reply = await original(method, path, headers, body, query)
        return reply

    return handle_request


def _put_deletion_protection(request: Request) -> Reply:
    """The identifier is the group's name, or its ARN."""
    name = request["logGroupIdentifier"].rpartition(":log-group:")[2].removesuffix(":*")
    reply: Reply = json_response({})
    if name in cloudwatch_logs._log_groups:
        _protect(name, request[_MEMBER])
    else:
        missing = "The specified log group does not exist."
        reply = error_response_json("ResourceNotFoundException", missing, 400)
    return reply


def _protect(name: str, is_protected: bool) -> None:
    cloudwatch_logs._log_groups[name][_MEMBER] = is_protected


def _protecting(handler: Handler, *, properties_at: int) -> Handler:
    def create_or_update(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        name, attributes = handler(*arguments, **named)
        _protect(name, arguments[properties_at].get(_PROPERTY, False))
        return name, attributes

    return create_or_update


def _deleting(member: str, delete: Operation) -> Handler:
    """Return CloudFormation's handler, which raises ValueError in the service's words for what the
    service does not delete."""

    def delete_resource(name: str, _properties: Mapping[str, Any]) -> None:
        status, _, body = delete({member: name})
        answer = json.loads(body)
        if status != 200 and not answer["__type"].endswith("ResourceNotFoundException"):
            raise ValueError(answer["message"])

    return delete_resource
