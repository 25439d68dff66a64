"""The table of budgets in DynamoDB: conditional updates of several items in one round trip.

UpdateItem, and not TransactWriteItems: every call of a stage updates the stage's item, and
transactions on one item at the same time cancel each other.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from claude_bedrock.budgets.item import EXPIRES, ITEM_SECONDS, KEY, Item
from gateway.aws_service import ServiceError, ServiceResponse

_HEADERS: Final = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "DynamoDB_20120810.UpdateItem",
}
_REFUSED: Final = "ConditionalCheckFailedException"
_ATTEMPTS: Final = 2
_MAX_REMOVED: Final = 25  # attributes that one update removes beside its own


class Service(Protocol):
    """A connection to DynamoDB; see gateway.aws_service."""

    def send(self, headers: Mapping[str, str], body: bytes, seconds: float) -> None: ...
    def receive(self, seconds: float) -> ServiceResponse: ...
    def close(self) -> None: ...


class Update:
    """A change of one subject's item: `added` to each counter, `names` set or removed. `most` is
    what each of some counters may hold for the update to be made. `is_new`: whether counters may
    have to be created. `condition` is one on `reservation`, its name."""

    def __init__(
        self,
        subject: str,
        *,
        added: Mapping[str, int],
        reservation: str = "",
        value: str = "",
        most: Mapping[str, int] | None = None,
        removed: Sequence[str] = (),
    ) -> None:
        self.subject = subject
        self.added = added
        self.reservation = reservation
        self.value = value
        self.most = most or {}
        self.removed = tuple(removed)[:_MAX_REMOVED]

    @property
    def is_repeatable(self) -> bool:
        """Whether a second time changes nothing more: its condition is the reservation."""
        return bool(self.reservation)

    def request(self, table: str, now: float) -> bytes:
        """Return the body of the UpdateItem."""
        names = {"#e": EXPIRES}
        values: dict[str, dict[str, str]] = {":e": {"N": str(int(now) + ITEM_SECONDS)}}
        sets, conditions, removes = ["#e = :e"], [], []
        if self.reservation:
            names["#r"] = self.reservation
            if self.value:
                values[":r"] = {"S": self.value}
                sets.append("#r = :r")
                conditions.append("attribute_not_exists(#r)")
            else:
                removes.append("#r")
                conditions.append("attribute_exists(#r)")
        if self.added and (self.value or not self.reservation):
            values[":zero"] = {"N": "0"}
        for number, (counter, amount) in enumerate(self.added.items()):
            name, value = f"#c{number}", f":c{number}"
            names[name], values[value] = counter, {"N": str(amount)}
            before = f"if_not_exists({name}, :zero)" if ":zero" in values else name
            sets.append(f"{name} = {before} + {value}")
            if counter in self.most:
                values[f":m{number}"] = {"N": str(self.most[counter])}
                conditions.append(f"(attribute_not_exists({name}) OR {name} <= :m{number})")
        for number, attribute in enumerate(self.removed):
            names[f"#x{number}"] = attribute
            removes.append(f"#x{number}")
        expression = f"SET {', '.join(sets)}"
        if removes:
            expression += f" REMOVE {', '.join(removes)}"
        content: dict[str, Any] = {
            "TableName": table,
            "Key": {KEY: {"S": self.subject}},
            "UpdateExpression": expression,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if conditions:
            content["ConditionExpression"] = " AND ".join(conditions)
        return json.dumps(content).encode()


class Result:
    """What came of an update. `item` is the item after it or, where the condition `failed`, as it
    is. `cause` names what happened where the table gave neither; `may_be_done` is whether the
    update can have been made nevertheless."""

    def __init__(
        self,
        item: Item | None = None,
        *,
        failed: bool = False,
        cause: str = "",
        may_be_done: bool = False,
    ) -> None:
        self.item = item or {}
        self.failed = failed
        self.cause = cause
        self.may_be_done = may_be_done

    @property
    def is_done(self) -> bool:
        return not self.failed and not self.cause


class BudgetTable:
    """The table `name`; `connect` opens a connection, of which there is one for each update that is
    made at the same time."""

    def __init__(self, name: str, connect: Callable[[], Service]) -> None:
        self._name = name
        self._connect = connect
        self._services: list[Service] = []

    def update(self, updates: Sequence[Update], *, seconds: float) -> list[Result]:
        """Make the updates at the same time, and return what came of each in their order.

        One that failed in a way that may pass is made once more, if it is repeatable.
        """
        until = time.monotonic() + seconds
        results = self._update_once(updates, seconds / _ATTEMPTS)
        again = [
            number
            for number, result in enumerate(results)
            if result.cause and updates[number].is_repeatable
        ]
        if again and (remaining := until - time.monotonic()) > 0:
            repeated = self._update_once([updates[number] for number in again], remaining)
            for number, result in zip(again, repeated, strict=True):
                results[number] = _after_repeat(updates[number], results[number], result)
        return results

    def _update_once(self, updates: Sequence[Update], seconds: float) -> list[Result]:
        while len(self._services) < len(updates):
            self._services.append(self._connect())
        until, now = time.monotonic() + seconds, time.time()
        pairs = list(zip(self._services, updates, strict=False))
        sent = [
            _send(service, update.request(self._name, now), until - time.monotonic())
            for service, update in pairs
        ]
        return [
            cause or _receive(service, until - time.monotonic())
            for (service, _), cause in zip(pairs, sent, strict=True)
        ]


def _send(service: Service, body: bytes, seconds: float) -> Result | None:
    """Return the failure, None for none."""
    try:
        service.send(_HEADERS, body, max(seconds, 0.001))
    except ServiceError as error:
        return _no_response(error)
    return None


def _receive(service: Service, seconds: float) -> Result:
    try:
        response = service.receive(max(seconds, 0.001))
    except ServiceError as error:
        return _no_response(error)
    may_be_done = response.status == 200 or response.status >= 500
    try:
        content = json.loads(response.body)
        if response.status == 200:
            return Result(content.get("Attributes"))
        error_type = str(content.get("__type", "")).rpartition("#")[2]
    except (ValueError, AttributeError):
        return Result(cause=f"Status{response.status}", may_be_done=may_be_done)
    if error_type == _REFUSED:
        return Result(content.get("Item"), failed=True)
    return Result(cause=error_type or f"Status{response.status}", may_be_done=may_be_done)


def _no_response(error: ServiceError) -> Result:
    return Result(cause=error.cause, may_be_done=error.may_have_arrived)


def _after_repeat(update: Update, first: Result, result: Result) -> Result:
    """Return the result of an update that was made a second time: the first may have been done, and
    its condition does not hold any more then."""
    if result.failed and (update.reservation in result.item) == bool(update.value):
        return Result(result.item)
    result.may_be_done = bool(result.cause) and (result.may_be_done or first.may_be_done)
    return result
