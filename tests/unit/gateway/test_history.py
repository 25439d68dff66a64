"""A conversation that was begun with Anthropic's API, server tools and all, goes on at Bedrock."""

import json
from typing import Any

import pytest

from local.bedrock import schema
from tests.unit.gateway.adaptation import HI, body, sent

SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search",
          "input": {"query": "tides"}, "caller": {"type": "direct"}}  # fmt: skip
SEARCH_RESULT = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
    {"type": "web_search_result", "title": "Tides", "url": "https://a.example/t",
     "encrypted_content": "ENCRYPTED", "page_age": "2 days"}]}  # fmt: skip
CITING_TEXT = {"type": "text", "text": "High at noon.", "citations": [
    {"type": "web_search_result_location", "url": "https://a.example/t", "title": "Tides",
     "encrypted_index": "ENCRYPTED", "cited_text": "noon"}]}  # fmt: skip
CALL = {"type": "tool_use", "id": "t1", "name": "clock", "input": {"caller": 1},
        "caller": {"type": "direct"}, "toolset_name": None}  # fmt: skip
ANSWER = {"type": "tool_result", "tool_use_id": "t1", "content": "12:00"}


def turn(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def after(*blocks: dict[str, Any], name: str = "claude-opus-5") -> tuple[Any, tuple[str, ...]]:
    """What becomes of the model's turn in a conversation, and what the receipt says."""
    adapted = sent(name, messages=[HI, turn(*blocks), HI])
    schema.parse(json.dumps(body(adapted)).encode())  # the local Bedrock takes it
    return body(adapted)["messages"], adapted.changes


def test_search_results_stay_as_text() -> None:
    messages, changes = after(SEARCH, SEARCH_RESULT, CITING_TEXT)
    called, result, text = messages[1]["content"]
    assert called == {
        "type": "text",
        "text": '[Called the tool web_search with {"query": "tides"}]',
    }
    assert result["text"] == "[Result of web_search:\nTides\nhttps://a.example/t\n2 days]"
    assert text == {"type": "text", "text": "High at noon."}
    assert changes == (
        "messages.content:server_tool_use:to-text",
        "messages.content:web_search_tool_result:to-text",
        "messages.content.citations:web_search_result_location",
    )


def test_the_file_of_a_citation_goes_and_the_citation_stays() -> None:
    citation = {
        "type": "page_location",
        "cited_text": "noon",
        "document_index": 0,
        "document_title": "Tides",
        "start_page_number": 1,
        "end_page_number": 2,
    }
    cited = {"type": "text", "text": "At noon.", "citations": [{**citation, "file_id": None}]}
    messages, changes = after(cited)
    assert messages[1] == turn({**cited, "citations": [citation]})
    assert changes == ("field:messages.content.citations.file_id",)


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ({"type": "mcp_tool_use", "id": "m", "name": "find", "server_name": "s", "input": {}},
         "[Called the tool find with {}]"),
        ({"type": "mcp_tool_result", "tool_use_id": "m", "is_error": False,
          "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
         "[Result of mcp:\none\ntwo]"),
        ({"type": "bash_code_execution_tool_result", "tool_use_id": "b", "content":
          {"type": "bash_code_execution_result", "stdout": "42", "stderr": "", "return_code": 0,
           "content": [{"type": "bash_code_execution_output", "file_id": "f"}]}},
         "[Result of bash_code_execution:\n42]"),
        ({"type": "web_fetch_tool_result", "tool_use_id": "w", "content":
          {"type": "web_fetch_result", "url": "https://b.example", "content": {"type": "document",
           "title": "B", "source": {"type": "text", "media_type": "text/plain", "data": "Hello"}}}},
         "[Result of web_fetch:\nhttps://b.example\nB\nHello]"),
        ({"type": "web_search_tool_result", "tool_use_id": "w", "content":
          {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}},
         "[Result of web_search:\nmax_uses_exceeded]"),
        ({"type": "tool_search_tool_result", "tool_use_id": "s", "content":
          {"type": "tool_search_tool_search_result",
           "tool_references": [{"type": "tool_reference", "tool_name": "clock"}]}},
         "[Result of tool_search:\nclock]"),
        ({"type": "compaction", "content": "They spoke of tides."}, "They spoke of tides."),
        ({"type": "code_execution_tool_result", "content": None}, "[Result of code_execution]"),
    ],
)  # fmt: skip
def test_every_block_of_a_server_tool_becomes_text(block: dict[str, Any], text: str) -> None:
    messages, changes = after(block, name="claude-haiku-4-5")
    assert messages == [HI, turn({"type": "text", "text": text}), HI]
    assert changes == (f"messages.content:{block['type']}:to-text",)


def test_what_only_names_the_caller_goes() -> None:
    adapted = sent(
        "claude-opus-5", messages=[HI, turn(CALL), {"role": "user", "content": [ANSWER]}]
    )
    client_tool = {name: CALL[name] for name in ("type", "id", "name", "input")}
    assert body(adapted)["messages"][1] == turn(client_tool)
    assert adapted.changes == (
        "field:messages.content.caller",
        "field:messages.content.toolset_name",
    )


def test_a_turn_of_which_nothing_is_left_goes() -> None:
    messages, changes = after({"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}})
    assert messages == [HI, HI]
    assert changes == ("messages.content:fallback",)


def test_blocks_that_the_model_takes_stay() -> None:
    search = {**SEARCH, "name": "tool_search_tool_regex"}
    compaction = {"type": "compaction", "content": "They spoke of tides."}
    adapted = sent("claude-opus-4-6", messages=[turn(compaction, search), HI])
    assert body(adapted)["messages"] == [turn(compaction, search), HI]
    assert body(adapted)["anthropic_beta"] == ["compact-2026-01-12", "tool-search-tool-2025-10-19"]


def test_a_cache_marker_stays_where_it_was() -> None:
    marked = {**SEARCH_RESULT, "cache_control": {"type": "ephemeral", "scope": "global"}}
    messages, _ = after(marked)
    assert messages[1]["content"][0]["cache_control"] == {"type": "ephemeral"}
    marker = {"type": "ephemeral"}
    adapted = sent("claude-opus-4-5", messages=[HI, turn(SEARCH_RESULT)], cache_control=marker)
    assert body(adapted)["messages"][1]["content"][0]["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize("name", ["claude-haiku-4-5", "claude-opus-5", "claude-opus-4-5"])
def test_a_reference_to_a_tool_is_text_where_no_tool_is_searched(name: str) -> None:
    answered = {**ANSWER, "content": [{"type": "tool_reference", "tool_name": "clock"}]}
    client_tool = {field: CALL[field] for field in ("type", "id", "name", "input")}
    adapted = sent(name, messages=[HI, turn(client_tool), {"role": "user", "content": [answered]}])
    content = body(adapted)["messages"][2]["content"][0]["content"]
    if name == "claude-opus-4-5":
        assert (content, adapted.changes) == (answered["content"], ())
    else:
        assert content == [{"type": "text", "text": "[The tool clock]"}]
        assert adapted.changes == ("messages.content:tool_reference:to-text",)
