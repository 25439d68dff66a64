"""What Converse refuses, in Bedrock's words: one row per rule."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.bedrock.converse import members
from local.bedrock.errors import RefusedError
from tests.unit.local_bedrock.converse_bodies import (
    CALL,
    IMAGE,
    POINT,
    RESULT,
    SPEC,
    TEXT,
    TOOLS,
    Json,
    assistant,
    document,
    parse_question,
    user,
)


def refusal(**fields: Any) -> str:  # noqa: ANN401
    with pytest.raises(RefusedError) as refused:
        parse_question(**fields)
    assert refused.value.name == "ValidationException"
    return refused.value.message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"messages": None}, "A conversation must start with a user message."),
        ({"messages": []}, "A conversation must start with a user message."),
        ({"messages": [assistant(TEXT)]}, "A conversation must start with a user message."),
        ({"messages": [user()]}, "The content field in the Message object at messages.0 is empty."),
        ({"messages": [user(TEXT), user(TEXT)]}, "A conversation must alternate between user"),
        (
            {"messages": [user({"text": " \n"})]},
            "messages: text content blocks must contain non-whitespace text",
        ),
        (
            {"messages": [user({"text": ""})]},
            "The text field in the ContentBlock object at messages.0.content.0 is blank.",
        ),
        (
            {"messages": [user({"text": "a", **IMAGE})]},
            "ContentBlock object at messages.0.content.0 must set one of the following keys: text,",
        ),
        (
            {"messages": [user({"type": "text"})]},
            "ContentBlock object at messages.0.content.0 must set one of the following keys: text,",
        ),
        (
            {"messages": [{"role": "tool", "content": [TEXT]}]},
            (
                "1 validation error detected: Value 'tool' at 'messages.1.member.role' failed to "
                "satisfy constraint: Member must satisfy enum value set: [user, assistant, system]"
            ),
        ),
        (
            {"messages": [user(TEXT), assistant({"reasoningContent": {"reasoningText": {}}})]},
            (
                "Value at 'messages.2.member.content.1.member.reasoningContent.reasoningText.text' "
                "failed to satisfy constraint: Member must not be null"
            ),
        ),
        (
            {"messages": [user(TEXT), assistant(CALL), user(RESULT)]},
            "The toolConfig field must be defined when using toolUse and toolResult content",
        ),
        (
            {"messages": [user(TEXT), assistant(CALL, CALL), user(RESULT)], "toolConfig": TOOLS},
            "The toolUse blocks at messages.1.content contain duplicate Ids",
        ),
        (
            {"messages": [user(TEXT), assistant(CALL), user(RESULT, RESULT)], "toolConfig": TOOLS},
            "The toolResult blocks at messages.2.content contain duplicate Ids",
        ),
        (
            {"messages": [user(TEXT), assistant(CALL), user(TEXT)], "toolConfig": TOOLS},
            "Expected toolResult blocks at messages.2.content for the following Ids: t1",
        ),
        (
            {"messages": [user(RESULT)], "toolConfig": TOOLS},
            "The number of toolResult blocks at messages.0.content exceeds the number of toolUse",
        ),
        (
            {"messages": [user(TEXT), assistant(CALL)], "toolConfig": TOOLS},
            "messages.1: `tool_use` ids were found without `tool_result` blocks",
        ),
        (
            {"messages": [user(TEXT), assistant({"toolUse": {**CALL["toolUse"], "input": []}})]},
            "The format of the value at messages.1.content.0.toolUse.input is invalid.",
        ),
        (
            {
                "messages": [
                    user(TEXT),
                    assistant(CALL),
                    user({"toolResult": {"toolUseId": "t1", "content": [{"json": [1]}]}}),
                ]
            },
            "The format of the value at messages.2.content.0.toolResult.content.0.json is invalid.",
        ),
        (
            {
                "messages": [
                    user(TEXT),
                    assistant(CALL),
                    user({"toolResult": {"toolUseId": "t1", "content": [], "status": "error"}}),
                ]
            },
            "The content field at messages.2.content.0.toolResult cannot be empty when status",
        ),
        ({"messages": [user(document())]}, "A text block must be included when using documents."),
        (
            {"messages": [user(TEXT, document(name="cv.pdf"))]},
            "The document file name can only contain alphanumeric characters, whitespace",
        ),
        (
            {"messages": [user(TEXT, document(name="two  spaces"))]},
            "The document file name can only contain alphanumeric characters, whitespace",
        ),
        (
            {"messages": [user(TEXT, document(), document())]},
            "Messages can't contain duplicate document names.",
        ),
        (
            {"messages": [user(TEXT, *(document(name=f"d{n}") for n in range(6)))]},
            "messages.0.content: at most 5 document blocks are allowed, found 6.",
        ),
        (
            {"messages": [user(*[IMAGE] * 21)]},
            "messages.0.content: at most 20 image blocks are allowed, found 21.",
        ),
        (
            {"messages": [user(TEXT, document(source={"s3Location": {"uri": "s3://abc/d"}}))]},
            "messages.0.content.1.document.source.type: Field required",
        ),
        (
            {"messages": [user(TEXT, document(format="docx"))]},
            "The document at messages.0.content.1 could not be read.",
        ),
        (
            {"messages": [user(TEXT, document(format="txt"), POINT)]},
            "messages.0.content.2.type: Field required",
        ),
        ({"messages": [user(POINT, TEXT)]}, "messages.0.content.0.type: Field required"),
        (
            {"messages": [user({"video": {"format": "mp4", "source": {"bytes": "aGk="}}})]},
            "This model doesn't support the video content block that you provided. Update the",
        ),
        ({"messages": [assistant(TEXT)], "system": []}, "A conversation must start with a user"),
        ({"system": [POINT]}, "system.0.type: Field required"),
        ({"system": [{"text": ""}]}, "1 validation error detected: Value '' at 'system.1.member."),
        (
            {"inferenceConfig": {"maxTokens": 64_001}},
            "Try again with a maximum tokens value",
        ),
        (
            {"inferenceConfig": {"temperature": 0.5, "topP": 0.5}},
            "`temperature` and `top_p` cannot both be specified for this model.",
        ),
        (
            {"toolConfig": {"tools": []}},
            (
                "1 validation error detected: Value at 'toolConfig.tools' failed to satisfy "
                "constraint: Member must have length greater than or equal to 1"
            ),
        ),
        (
            {"toolConfig": {"tools": [{"toolSpec": {**SPEC, "name": "a b", "description": ""}}]}},
            (
                "2 validation errors detected: Value 'a b' at "
                "'toolConfig.tools.1.member.toolSpec.name' failed to satisfy constraint: Member "
                "must satisfy regular expression pattern: [a-zA-Z0-9_-]+; Value '' at "
                "'toolConfig.tools.1.member.toolSpec.description' failed"
            ),
        ),
        (
            {"toolConfig": {"tools": [{"toolSpec": {**SPEC, "inputSchema": {"json": {}}}}]}},
            "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the",
        ),
        (
            {"toolConfig": {"tools": [{"systemTool": {"name": "search"}}]}},
            "This model doesn't support the systemTool field at toolConfig.tools.0.",
        ),
        (
            {"toolConfig": {**TOOLS, "toolChoice": {"tool": {"name": "map"}}}},
            "Tool 'map' not found in provided tools",
        ),
        (
            {"additionalModelRequestFields": [1]},
            "The format of the value at additionalModelRequestFields is invalid.",
        ),
        (
            {"system": [TEXT], "additionalModelRequestFields": {"system": "x"}},
            "The additional field system conflicts with an existing field.",
        ),
        ({"additionalModelRequestFields": {"user": "x"}}, "user: Extra inputs are not permitted"),
        ({"additionalModelRequestFields": {"anthropic_beta": ["no"]}}, "invalid beta flag"),
        ({"requestMetadata": {}}, "1 validation error detected: Value at 'requestMetadata'"),
        ({"requestMetadata": {"team": "a|b"}}, "1 validation error detected: Value at 'request"),
        (
            {"requestMetadata": {str(n): "" for n in range(17)}},
            "Member must have length less than or equal to 16",
        ),
        ({"performanceConfig": {"latency": "low"}}, "Value 'low' at 'performanceConfig.latency'"),
        (
            {
                "outputConfig": {
                    "textFormat": {
                        "type": "json_schema",
                        "structure": {"jsonSchema": {"schema": "{"}},
                    }
                }
            },
            "The format of the value at outputConfig.textFormat.structure.jsonSchema.schema is",
        ),
    ],
)
def test_a_broken_rule_is_refused(fields: Json, message: str) -> None:
    assert message in refusal(**fields)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"messages": "hi"}', b'{"messages": NaN}', b"[" * 100_000]
)
def test_what_is_no_json_of_the_shape_cannot_be_read(body: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        members.read(body, "ConverseRequest")
    assert (refused.value.name, refused.value.status) == ("SerializationException", 400)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("9" * 5000, "A number in the request body has more than 1000 characters."),
        ("1e999", "A number in the request body is too large."),
        ("[" * 100_000, "The request body is nested too deeply."),
        ("NaN", "The request body is not valid JSON."),
    ],
)
def test_json_beyond_the_bounds_is_not_called_broken(value: str, message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        members.read(f'{{"inferenceConfig": {{"maxTokens": {value}}}}}'.encode(), "ConverseRequest")

    assert refused.value.message == message


@pytest.mark.parametrize(
    ("beta", "feature"),
    [
        ("tool-search-tool-2025-10-19", "tool-search-tool"),
        ("compact-2026-01-12", "compact"),
    ],
)
def test_converse_has_not_every_beta(beta: str, feature: str) -> None:
    """https://github.com/agentgateway/agentgateway/pull/3240"""
    fields = {"additionalModelRequestFields": {"anthropic_beta": [beta]}}
    with pytest.raises(RefusedError) as refused:
        parse_question("claude-sonnet-4-6", **fields)
    assert refused.value.message == (
        f"The {feature} beta feature is not currently supported on the Converse and "
        "ConverseStream APIs"
    )


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
def test_a_document_name_is_taken_by_the_letters_bedrock_takes(name: str) -> None:
    messages = [user(TEXT, document(name=name))]
    known = all(c.isascii() and (c.isalnum() or c in "-_()[] ") for c in name)
    if known and "  " not in name:
        parse_question(messages=messages)
    else:
        assert refusal(messages=messages).startswith("The document file name can only contain")
