"""The response to a client: its headers, and what went out of it."""

import json
import time
from collections.abc import Mapping
from typing import Final

from gateway import deprecation
from gateway.deadline import Deadline
from gateway.model_call import ModelCall
from gateway.runtime import Response

ADAPTED_HEADER: Final = "x-gateway-adapted"
MODEL_ID_HEADER: Final = "x-gateway-model-id"
_LONGEST_HEADER: Final = 4096  # of the 10,240 bytes that API Gateway gives all headers
_JSON: Final = {"content-type": "application/json"}


class ClientResponse:
    """`status` is 0 until the response starts; `size` counts the bytes of the body. `cors_headers`
    are headers of any response."""

    def __init__(
        self,
        response: Response,
        gateway_request_id: str,
        call: ModelCall,
        deadline: Deadline,
        cors_headers: Mapping[str, str],
    ) -> None:
        self._response = response
        self._gateway_request_id = gateway_request_id
        self._call = call
        self._deadline = deadline
        self._cors_headers = cors_headers
        self.status = 0
        self.content_type = ""
        self.size = 0
        self.first_byte_at: float | None = None
        self.check_client = response.check_client
        self._is_ended = False

    @property
    def is_started(self) -> bool:
        return self.status != 0

    @property
    def request_id(self) -> str:
        """The id that the client receives: Bedrock's, as in its record, once there is one."""
        return self._call.bedrock_request_id or self._gateway_request_id

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Set status and headers, and add what every response carries: `request-id`, the id that
        Bedrock was called with, the changes to the body, and when a legacy model ends."""
        self.status = status
        self.content_type = headers.get("content-type", "")
        added = {"request-id": self.request_id}
        if self._call.attempts:
            added[MODEL_ID_HEADER] = self._call.model_id
        if self._call.changes:
            added[ADAPTED_HEADER] = ", ".join(self._call.changes)[:_LONGEST_HEADER]
        if self._call.budget_headers:
            added |= self._call.budget_headers
        if self._call.legacy:
            added |= deprecation.headers(self._call.legacy)
        self._response.start(status, {**headers, **added, **self._cors_headers})

    def start_once(self, status: int, headers: Mapping[str, str]) -> None:
        """Start a stream, unless it is started."""
        if self.status == 0:
            self.start(status, headers)

    def write(self, data: bytes) -> None:
        """Send a part of the body. Raises ClientDisconnected."""
        self._response.write(data)
        self._note_write(len(data))

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a complete response in one piece. Raises ClientDisconnected."""
        self.start(status, headers)
        self._is_ended = True
        self._response.write_last(body)
        self._note_write(len(body))

    def end(self) -> None:
        """End a response that has started, for what is done after it. Raises ClientDisconnected."""
        if self.is_started and not self._is_ended:
            self._is_ended = True
            self._response.write_last(b"")

    def send_json(self, content: object) -> None:
        """Send `content` with status 200. Raises ClientDisconnected."""
        self.send(200, _JSON, json.dumps(content).encode())

    def _note_write(self, size: int) -> None:
        if self.first_byte_at is None:
            self.first_byte_at = time.monotonic()
        self.size += size
        self._deadline.touch()
