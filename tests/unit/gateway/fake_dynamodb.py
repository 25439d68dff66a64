"""DynamoDB's UpdateItem, as far as the gateway's table of budgets uses it, in memory.

`test_budget_table.py` sends the same requests to moto, to show that both answer alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from gateway.aws_service import ServiceError, ServiceResponse

Item = dict[str, dict[str, str]]
Fault = Callable[[], str]
"""Returns what happens to the next request: "" or ANSWERED, or one of the faults."""

ANSWERED, UNREACHABLE, LOST, SLOW, THROTTLED = "", "unreachable", "lost", "slow", "throttled"


class FakeTable:
    """The items by subject. `faults` are what happens to the next requests, in order; `requests`
    are all that arrived."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.faults: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self._lock = Lock()

    def connect(self) -> FakeService:
        return FakeService(self)

    def next_fault(self) -> str:
        with self._lock:
            return self.faults.pop(0) if self.faults else ANSWERED

    def update(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return status and content of the answer to an UpdateItem."""
        with self._lock:
            self.requests.append(request)
            key = request["Key"]["subject"]
            before = self.items.get(key["S"])
            if not _holds(request, before or {}):
                old = {"Item": before} if before is not None else {}
                error = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
                return 400, {"__type": error, "message": "The conditional request failed", **old}
            item = _updated(request, before or {"subject": key})
            self.items[key["S"]] = item
            return 200, {"Attributes": item}

    def number(self, subject: str, counter: str) -> int:
        return int(self.items[subject][counter]["N"])


class FakeService:
    """A connection to the table, as gateway.budget_table wants one."""

    def __init__(self, table: FakeTable) -> None:
        self._table = table
        self._response: ServiceResponse | None = None

    def send(self, headers: Mapping[str, str], body: bytes, seconds: float) -> None:
        assert headers["x-amz-target"] == "DynamoDB_20120810.UpdateItem"
        assert seconds > 0
        fault = self._table.next_fault()
        if fault == UNREACHABLE:
            raise ServiceError("ConnectionRefusedError", may_have_arrived=False)
        if fault == THROTTLED:
            content = {"__type": "com.amazon.coral.availability#ThrottlingException"}
            self._response = ServiceResponse(400, {}, json.dumps(content).encode())
            return
        self._response = None
        if fault == SLOW:
            return
        status, content = self._table.update(json.loads(body))
        if fault != LOST:
            self._response = ServiceResponse(status, {}, json.dumps(content).encode())

    def receive(self, seconds: float) -> ServiceResponse:
        assert seconds > 0
        if self._response is None:
            raise ServiceError("ReadTimeout", may_have_arrived=True)
        return self._response

    def close(self) -> None:
        self._response = None


def _holds(request: dict[str, Any], item: Item) -> bool:
    condition = request.get("ConditionExpression")
    return condition is None or all(
        _clause(part, request, item) for part in condition.split(" AND ")
    )


def _clause(part: str, request: dict[str, Any], item: Item) -> bool:
    if " OR " in part:
        return any(_clause(each, request, item) for each in part.strip("()").split(" OR ", 1))
    names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
    if match := re.fullmatch(r"attribute_(not_)?exists\((#\w+)\)?", part):
        return (names[match[2]] in item) is not bool(match[1])
    name, most = part.rstrip(")").split(" <= ")
    return names[name] in item and int(item[names[name]]["N"]) <= int(values[most]["N"])


def _updated(request: dict[str, Any], before: Item) -> Item:
    names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
    sets, _, removes = request["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
    item = dict(before)
    for clause in re.split(r", (?=#\w+ =)", sets):
        name, _, value = clause.partition(" = ")
        item[names[name]] = _value(value, names, values, before)
    for name in filter(None, removes.split(", ")):
        item.pop(names[name], None)
    return item


def _value(
    text: str, names: dict[str, str], values: dict[str, dict[str, str]], item: Item
) -> dict[str, str]:
    left, plus, right = text.partition(" + ")
    if not plus:
        return values[text]
    if match := re.fullmatch(r"if_not_exists\((#\w+), (:\w+)\)", left):
        number = item.get(names[match[1]], values[match[2]])
    else:
        number = item[names[left]]
    return {"N": str(int(number["N"]) + int(values[right]["N"]))}
