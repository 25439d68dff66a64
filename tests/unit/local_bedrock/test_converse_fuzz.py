"""Whatever JSON stands anywhere in a Converse body, the answer is a message or a refusal."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from local.bedrock import directives, replies, rules
from local.bedrock.converse import conversation, media, members, reply, request
from local.bedrock.errors import RefusedError
from local.bedrock.message import Answer
from local.bedrock.tokens import PromptCache
from tests.unit.local_bedrock.converse_bodies import (
    CALL,
    IMAGE,
    POINT,
    TEXT,
    TOOLS,
    assistant,
    document,
    model,
    user,
)
from tests.unit.local_bedrock.test_fuzz import VALUES, paths, put

RESULT = {"toolResult": {"toolUseId": "t1", "content": [{"json": {"a": 1}}, IMAGE]}}
FULL: dict[str, Any] = {
    "messages": [
        user({"text": "hi [[tool: clock]]"}, IMAGE, document(), POINT),
        assistant({"reasoningContent": {"reasoningText": {"text": "", "signature": "s"}}}, CALL),
        user(RESULT, document(name="d", format="txt"), TEXT),
    ],
    "system": [TEXT, POINT],
    "inferenceConfig": {"maxTokens": 64, "temperature": 1, "stopSequences": ["END"]},
    "toolConfig": {**TOOLS, "toolChoice": {"any": {}}},
    "additionalModelRequestFields": {"top_k": 5, "tools": []},
    "additionalModelResponseFieldPaths": ["/usage"],
    "requestMetadata": {"team": "x"},
    "outputConfig": {
        "textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{}"}}}
    },
    "serviceTier": {"type": "default"},
}


@given(st.sampled_from(paths(FULL)), VALUES)
@example((), FULL)
@example(("messages", 0, "content", 2, "document", "format"), "docx")
@example(("messages", 0, "content", 2, "document", "source"), {"content": []})
@example(("messages", 1, "content", 0, "reasoningContent"), {"redactedContent": "/w=="})
def test_any_value_at_any_path_is_answered_or_refused(
    path: tuple[str | int, ...], value: object
) -> None:
    body = json.dumps(put(FULL, path, value)).encode()
    stripped, attachments = media.take_out_attachments(body)
    assert b"aGk=" not in stripped or not attachments
    sonnet = model()
    try:
        known = members.read(body, "ConverseRequest")
        conversation.check(known)
        question = request.question(known, sonnet)
        rules.check(question.request, sonnet)
        prompt_directives = directives.read(replies.last_user_text(question.request))
    except RefusedError as refused:
        assert refused.name in ("ValidationException", "SerializationException")
        return
    usage = PromptCache().usage(question.request, "scope", smallest=1024, text_only=True)
    made = replies.compose(question.request, sonnet, prompt_directives, "salt")
    answer = reply.build_response(Answer("m", "claude", made, usage), 1, {})
    assert json.loads(json.dumps(answer))["output"]["message"]["role"] == "assistant"
