"""Connections to a table in memory, which fail as they are told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from gateway.aws_service import ServiceError, ServiceResponse
from tools.load.update_item import TableInMemory

Fault = Callable[[], str]
"""Returns what happens to the next request: "" or ANSWERED, or one of the faults."""

ANSWERED, UNREACHABLE, LOST, SLOW, THROTTLED = "", "unreachable", "lost", "slow", "throttled"


class FakeTable(TableInMemory):
    """A table in memory. `faults` are what happens to the next requests, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def connect(self) -> FakeService:
        return FakeService(self)

    def next_fault(self) -> str:
        with self.lock:
            return self.faults.pop(0) if self.faults else ANSWERED


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
