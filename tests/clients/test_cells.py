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
each_client_with_schemas = pytest.mark.parametrize(
    "client", [client for client in CLIENTS if client.schemas], ids=lambda client: client.name
)
PROBES = {"HEAD /", "HEAD /api/hello", "GET /v1/models", "GET /inference-profiles"}


def audited(ran: Ran, outcome: dict[str, Any]) -> dict[str, Any]:
    """The audit line of a case, found by its request id, or else by its tokens."""
    known = "bedrock_request_id" if "request_id" in outcome else "output_tokens"
    expected = outcome.get("request_id", outcome["output_tokens"])
    return next(line for line in ran.audit if line[known] == expected)


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


@each_client_with_schemas
def test_schema(client: Client, ran: Run) -> None:
    answer = ran(client).outcomes["schema"]

    assert list(answer.get("value", {})) == ["city"], answer
    assert isinstance(answer["value"]["city"], str)


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


def changes(ran: Run, name: str) -> list[list[str]]:
    """What the gateway says that it changed, for each call of a client that ended well."""
    (client,) = [client for client in CLIENTS if client.name == name]
    return [line.get("adapted") or [] for line in ran(client).audit]


def test_what_claude_code_sends_is_adapted_with_receipts(ran: Run) -> None:
    for adapted in changes(ran, "Claude Code"):
        assert "metadata.user_id:hashed" in adapted
        assert any(change.startswith("beta:") for change in adapted)


@pytest.mark.parametrize("name", ["LiteLLM", "anthropic 0.75 for Python"])
def test_the_old_name_of_a_schema_gets_the_new_one_with_a_receipt(ran: Run, name: str) -> None:
    renamed = {"output_format:renamed", "beta:structured-outputs-2025-11-13"}
    assert [set(adapted) for adapted in changes(ran, name) if adapted] == [renamed]


def test_each_line_with_a_beta_counts(ran: Run) -> None:
    """Bedrock refuses the body without the first (or, in the stream, the last) of the betas."""
    adapted = changes(ran, "As the Go and Java SDKs send")
    assert adapted == [["beta:oauth-2025-04-20"]] * 4
