"""Each client against the deployed endpoint: an answer, a stream, a tool, and what goes wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.roster import CLIENTS, Client
from tests.clients.runs import Ran

COUNTED = "".join(f"{n} " for n in range(1, 21))
ENDS = {"end_turn", "stop"}

Run = Callable[[Client], Ran]
each_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
each_streaming_client = pytest.mark.parametrize(
    "client", [client for client in CLIENTS if client.streams], ids=lambda client: client.name
)
PROBES = {"HEAD /", "HEAD /api/hello", "GET /v1/models", "GET /inference-profiles"}


def audited(ran: Ran, outcome: dict[str, Any]) -> dict[str, Any]:
    """The audit line of a case, found by its request id, or else by its tokens."""
    known = "bedrock_request_id" if "request_id" in outcome else "output_tokens"
    wanted = outcome.get("request_id", outcome["output_tokens"])
    return next(line for line in ran.audit if line[known] == wanted)


def raised(refused: dict[str, Any], name: str) -> bool:
    """Whether that is the class of what was raised, or the code that its message names."""
    return name in refused.get("raised", []) or f"({name})" in refused["message"]


@each_client
def test_json(client: Client, ran: Run) -> None:
    answer = ran(client).outcomes["json"]

    assert "a stand-in for Claude Haiku 4.5" in answer.get("text", ""), answer
    assert answer["stop"] in ENDS
    line = audited(ran(client), answer)
    assert (line["model"], line["output_tokens"]) == ("claude-haiku-4-5", answer["output_tokens"])
    assert line["api_key_name"] == "default"


@each_streaming_client
def test_stream(client: Client, ran: Run) -> None:
    streamed = ran(client).outcomes["stream"]

    assert streamed.get("text", "").strip() == COUNTED.strip(), streamed
    assert streamed["pieces"] >= 20
    assert streamed["stop"] in ENDS
    line = audited(ran(client), streamed)
    assert line["stream"] is True
    assert line["output_tokens"] == streamed["output_tokens"]


@each_client
def test_tools(client: Client, ran: Run) -> None:
    answer = ran(client).outcomes["tools"]

    assert "The tool answered: 21 degrees in Lisbon" in answer.get("text", ""), answer


@each_client
def test_error_wrong_key(client: Client, ran: Run) -> None:
    refused = ran(client).outcomes["wrong key"]

    assert raised(refused, client.denied), refused


@each_client
def test_error_retired_model(client: Client, ran: Run) -> None:
    refused = ran(client).outcomes["retired model"]

    assert raised(refused, client.missing), refused
    assert "claude-3-7-sonnet" in refused["message"]


@each_client
def test_routes(client: Client, ran: Run) -> None:
    """It speaks the format that the page says, and no other."""
    used = {line["route"] for line in ran(client).audit}
    assert used - PROBES
    assert used - PROBES <= set(client.routes)


def test_what_claude_code_sends_is_adapted_with_receipts(ran: Run) -> None:
    (claude_code,) = [client for client in CLIENTS if client.name == "Claude Code"]

    for line in ran(claude_code).audit:
        assert "metadata.user_id:hashed" in line["adapted"]
        assert any(change.startswith("beta:") for change in line["adapted"])
