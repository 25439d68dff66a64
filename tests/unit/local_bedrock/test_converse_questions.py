"""What Converse asks of Claude: the same as InvokeModel with the same meaning."""

import json
import zipfile
from base64 import b64encode
from io import BytesIO

import pytest

from local.bedrock.api_format import Question
from local.bedrock.blocks import Document, PlainText
from tests.unit.local_bedrock import files
from tests.unit.local_bedrock.converse_bodies import (
    CALL,
    IMAGE,
    POINT,
    SPEC,
    TEXT,
    TOOLS,
    Json,
    assistant,
    document,
    invoked,
    parse_question,
    user,
)
from tests.unit.local_bedrock.signed import anthropic_form, signed


def test_members_that_aws_does_not_know_are_ignored_and_null_is_absent() -> None:
    assert parse_question(
        system=None, inferenceConfig={"topK": 5, "maxTokens": 9}, made_up=1
    ) == Question(invoked(max_tokens=9), 9, is_converse=True)


CLOSED = {"type": "object", "additionalProperties": False}


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        (
            {"system": [TEXT, POINT]},
            {"system": [{"type": "text", "text": "hi", "cache_control": {}}]},
        ),
        (
            {"inferenceConfig": {"temperature": 0.5, "stopSequences": ["END"]}},
            {"temperature": 0.5, "stop_sequences": ["END"]},
        ),
        (
            {
                "toolConfig": {
                    "tools": [
                        {
                            "toolSpec": {
                                **SPEC,
                                "description": "tells",
                                "strict": True,
                                "inputSchema": {"json": CLOSED},
                            }
                        },
                        {"cachePoint": {"type": "default", "ttl": "1h"}},
                    ],
                    "toolChoice": {"any": {}},
                },
                "additionalModelRequestFields": {
                    "tools": [{"type": "bash_20250124", "name": "bash"}],
                },
            },
            {
                "tools": [
                    {
                        "name": "clock",
                        "description": "tells",
                        "strict": True,
                        "input_schema": CLOSED,
                        "cache_control": {"ttl": "1h"},
                    },
                    {"type": "bash_20250124", "name": "bash"},
                ],
                "tool_choice": {"type": "any"},
            },
        ),
        (
            {
                "additionalModelRequestFields": {
                    "thinking": {"type": "enabled", "budget_tokens": 2000}
                }
            },
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
        ),
        (
            {
                "outputConfig": {
                    "textFormat": {
                        "type": "json_schema",
                        "structure": {"jsonSchema": {"schema": json.dumps(CLOSED)}},
                    }
                }
            },
            {"output_config": {"format": {"type": "json_schema", "schema": CLOSED}}},
        ),
    ],
)
def test_a_field_of_converse_is_the_field_of_claude(fields: Json, same: Json) -> None:
    text = json.dumps(same).replace('"cache_control": {', '"cache_control": {"type": "ephemeral", ')
    expected = invoked(**json.loads(text.replace('"ephemeral", }', '"ephemeral"}')))
    assert parse_question(**fields).request == expected


@pytest.mark.parametrize("has_failed", [False, True])
def test_every_kind_of_block_is_the_block_of_claude(has_failed: bool) -> None:
    thought = {"reasoningText": {"text": "hm", "signature": signed("hm")}}
    redacted = {"redactedContent": b64encode(anthropic_form().encode()).decode()}
    cited = document(name="d 1", context="c", citations={"enabled": True})
    search_result = {"source": "s", "title": "t", "content": [{"text": "x"}]}
    status, shown = ("error", TEXT) if has_failed else ("success", IMAGE)
    answer = {"toolUseId": "t1", "status": status, "content": [{"json": {"a": 1}}, shown]}
    turns = [
        user(TEXT, IMAGE, cited, {"searchResult": search_result}, {"guardContent": {"text": TEXT}}),
        assistant({"reasoningContent": thought}, {"reasoningContent": redacted}, CALL),
        user({"toolResult": answer}, POINT),
    ]
    image = {"type": "base64", "media_type": "image/png", "data": files.text(files.image())}
    page = {"type": "base64", "media_type": "application/pdf", "data": files.text(files.pdf())}
    text = {"type": "text", "text": "hi"}
    assert (
        parse_question(messages=turns, toolConfig=TOOLS).request.messages
        == invoked(
            messages=[
                {
                    "role": "user",
                    "content": [
                        text,
                        {"type": "image", "source": image},
                        {
                            "type": "document",
                            "source": page,
                            "title": "d 1",
                            "context": "c",
                            "citations": {"enabled": True},
                        },
                        {
                            **search_result,
                            "type": "search_result",
                            "content": [{"type": "text", "text": "x"}],
                        },
                        text,
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "hm", "signature": signed("hm")},
                        {"type": "redacted_thinking", "data": anthropic_form()},
                        {"type": "tool_use", "id": "t1", "name": "clock", "input": {}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "t1",
                            "is_error": has_failed,
                            "content": [
                                {"type": "text", "text": '{"a": 1}'},
                                text if has_failed else {"type": "image", "source": image},
                            ],
                            "cache_control": {"type": "ephemeral"},
                        }
                    ],
                },
            ]
        ).messages
    )


def office(name: str, content: str) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("[Content_Types].xml", "<no/>")
        made.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("txt", b"plain", "plain"),
        ("md", "# Tïtle".encode(), "# Tïtle"),
        ("csv", b"a,b\n", "a,b\n"),
        ("html", b"<p>x</p>", "<p>x</p>"),
        ("docx", office("word/document.xml", "<w:t>Two</w:t> <w:t>words</w:t>"), "Two words"),
        ("xlsx", office("xl/sharedStrings.xml", "<si><t>cell</t></si>"), "cell"),
        ("doc", b"\x00\x01Words here\x00\x02no\x00", "Words here"),
    ],
)
def test_of_other_documents_the_text_is_read(kind: str, content: bytes, text: str) -> None:
    file = document(format=kind, source={"bytes": b64encode(content).decode()})
    blocks = parse_question(messages=[user(TEXT, file)]).request.messages[0].content
    assert isinstance(blocks[1], Document)
    assert isinstance(blocks[1].source, PlainText)
    assert blocks[1].source.data == text
