"""One question to the endpoint, the answer given out as it comes, and what the call was."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2

from claude_bedrock import catalog
from claude_bedrock.catalog import cost
from claude_bedrock.cli.shared.endpoint import Endpoint, RefusedError

_MODEL_ID = "x-gateway-model-id"


class Answer:
    """Says what a stream of events says, piece by piece, and knows at any time what it has told."""

    def __init__(self, events: Iterator[Mapping[str, Any]], headers: Mapping[str, str]) -> None:
        self.request_id = headers.get("request-id", "none")
        self.model = ""
        self.usage: dict[str, Any] = {}
        self.stop_reason = ""
        self._model_id = headers.get(_MODEL_ID, "")
        self._events = events

    @property
    def geography(self) -> str | None:
        """The geography that answered, None where the endpoint does not say it."""
        geography, _, _ = self._model_id.partition(".")
        return geography if geography in catalog.ROUTES else None

    def text(self) -> Iterator[str]:
        """Yield pieces of the text as they arrive. Raises RefusedError when the stream ends in an
        error, or early."""
        for event in self._events:
            kind = event["type"]
            if kind == "content_block_delta" and event["delta"]["type"] == "text_delta":
                yield event["delta"]["text"]
            elif kind == "message_start":
                self.model = event["message"]["model"]
                self.usage |= event["message"].get("usage") or {}
            elif kind == "message_delta":
                self.usage |= event.get("usage") or {}
                self.stop_reason = event["delta"].get("stop_reason") or ""
            elif kind == "error":
                raise RefusedError(self._error_text(event["error"]))
            elif kind == "message_stop":
                return
        raise RefusedError(f"The reply broke off before its end (request id {self.request_id})")

    def receipt(self) -> str:
        """Return one line: request id, model, tokens, cost."""
        parts = [f"request id {self.request_id}"]
        if self.model:
            parts.append(f"{self.model} in geography {self.geography or 'unknown'}")
            parts.append(self._tokens())
            parts.append(self._cost_in_words())
        if self.stop_reason not in {"", "end_turn"}:
            parts.append(f"stopped by {self.stop_reason}")
        return ", ".join(parts)

    def as_data(self, text: str) -> dict[str, Any]:
        """Return all of it, for programs; `cost_usd` is exact, as text, None where not known."""
        dollars, assumed = self._cost() or (None, ())
        return {
            "text": text,
            "request_id": self.request_id,
            "model": self.model,
            "geography": self.geography,
            "stop_reason": self.stop_reason,
            "usage": self.usage,
            "cost_usd": None if dollars is None else f"{dollars:f}",
            "cost_assumes": list(assumed),
        }

    def _error_text(self, error: Mapping[str, Any]) -> str:
        return f"{error['type']}: {error['message']} (request id {self.request_id})"

    def _tokens(self) -> str:
        read, made, cached, stored = (
            self.usage.get(name) or 0
            for name in (
                "input_tokens",
                "output_tokens",
                "cache_read_input_tokens",
                "cache_creation_input_tokens",
            )
        )
        return f"{read} tokens in, {made} out, {cached} from cache, {stored} to cache"

    def _cost_in_words(self) -> str:
        answer_cost = self._cost()
        if answer_cost is None:
            return "cost not known"
        return f"${answer_cost.dollars:.6f}" + "".join(f" ({note})" for note in answer_cost.assumed)

    def _cost(self) -> cost.Cost | None:
        model = catalog.find(self.model)
        if model is None or self.geography is None:
            return None
        today = datetime.now(UTC).date().isoformat()
        try:
            return cost.of_answer(model, self.geography, self.usage, day=today)
        except catalog.NoProfile:
            return None


@contextmanager
def ask(endpoint: Endpoint, question: Mapping[str, Any]) -> Iterator[Answer]:
    """Yield the answer to a streaming Messages body, which the block reads. Raises RefusedError."""
    with endpoint.answer("POST", "/v1/messages", question) as response:
        yield Answer(_events(response), response.headers)


def _events(response: httpx2.Response) -> Iterator[Mapping[str, Any]]:
    for event in httpx2.EventSource(response):
        try:
            yield json.loads(event.data)
        except ValueError as error:
            raise RefusedError(
                "The reply has an event that is not JSON. Is the URL an endpoint of this project?"
            ) from error
