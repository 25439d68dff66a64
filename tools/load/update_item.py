"""DynamoDB's UpdateItem, as far as the gateway's table of budgets uses it, in memory.

`tests/unit/gateway/test_budget_table.py` sends the same requests to moto: both answer alike.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
"""

from __future__ import annotations

import re
from threading import Lock
from typing import Any

Item = dict[str, dict[str, str]]


class TableInMemory:
    """The items by subject; `requests` are all updates that arrived."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.requests: list[dict[str, Any]] = []
        self.lock = Lock()

    def update(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return status and content of the answer to an UpdateItem."""
        with self.lock:
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
        """Return what a counter holds."""
        return int(self.items[subject][counter]["N"])


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
