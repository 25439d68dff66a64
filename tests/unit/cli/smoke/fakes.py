"""A stage whose calls, entries and records are made up, for what is judged of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from claude_bedrock import catalog
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.endpoint import Endpoint
from claude_bedrock.cli.smoke.deployed_stage import Subject
from claude_bedrock.cli.smoke.http_call import Response

HAIKU = next(model for model in catalog.MODELS if model.name == "claude-haiku-4-5")
AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
REQUEST_ID = "7f4a9f44-e703-4d30-9013-582b08e45b30"
RECORD: dict[str, Any] = {
    "schemaType": "ModelInvocationLog",
    "schemaVersion": "1.0",
    "timestamp": "2026-11-29T12:00:00Z",
    "accountId": "123456789012",
    "region": "us-east-1",
    "requestId": REQUEST_ID,
    "operation": "InvokeModel",
    "modelId": f"global.{HAIKU.base_id}",
    "identity": {"arn": "arn:aws:sts::123456789012:assumed-role/r/f"},
    "requestMetadata": {"key": "default"},
    "input": {"inputContentType": "application/json", "inputTokenCount": 9, "inputBodyJson": {}},
    "output": {"outputContentType": "application/json", "outputTokenCount": 7},
}
ENTRY = {
    "gateway_request_id": "gw-1",
    "bedrock_request_id": REQUEST_ID,
    "api_key_id": "k1",
    "api_key_name": "default",
    "status": 200,
    "outcome": "completed",
}


def response(
    status: int = 200,
    body: object = None,
    *,
    headers: tuple[tuple[str, str], ...] = (),
    events: tuple[float, ...] = (),
) -> Response:
    names = (("request-id", REQUEST_ID), ("content-type", "application/json"), *headers)
    return Response(status, names, json.dumps(body or {"type": "message"}).encode(), AT, events)


def refusal(status: int, error_type: str, *names: str) -> Response:
    error = {"type": "error", "error": {"type": error_type, "message": "no"}}
    headers = tuple(("x-amzn-errortype", name) for name in names)
    return response(status, error, headers=headers)


class MadeUpRecords:
    """Records by request id in each destination, and the objects that there are."""

    def __init__(self, in_logs: Any = None, objects: tuple[str, ...] = ()) -> None:  # noqa: ANN401
        self._in_logs, self._objects = in_logs, objects

    def in_logs(self, request_id: str, since: datetime) -> Any:  # noqa: ANN401
        assert (request_id, since < AT) == (REQUEST_ID, True)
        return self._in_logs

    def is_stored(self, path: str) -> bool:
        return path in self._objects

    def body(self, _side: Mapping[str, Any], _name: str) -> object:
        return {"messages": []}


class MadeUp(Subject):
    """A subject with what it is given by name: its calls, its records, its clients."""

    def __init__(
        self,
        *,
        clients: Mapping[str, object] | None = None,
        entry: Mapping[str, Any] | None = None,
        outputs: Mapping[str, str] | None = None,
        **calls: object,
    ) -> None:
        super().__init__(
            Deployment("dev", "us-east-1", None),
            Endpoint("https://id.execute-api.us-east-1.amazonaws.com/dev", None, None),  # type: ignore[arg-type]
            HAIKU,
            wait_seconds=0,
        )
        self._clients, self._entry = clients or {}, entry
        self._made_up_outputs = outputs or {}
        self.__dict__.update(calls)

    def client(self, service: str) -> Any:  # noqa: ANN401
        return self._clients[service]

    def output(self, _stack: str, name: str) -> str:
        return self._made_up_outputs.get(name, "")

    def audit_entry(self, _response: Response) -> Mapping[str, Any] | None:
        return self._entry
