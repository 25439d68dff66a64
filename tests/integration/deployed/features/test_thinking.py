"""Thinking through the endpoint, as each model takes it: with a budget, adaptive, or not at all."""

from typing import Any

import anthropic
import pytest
from botocore.exceptions import ClientError

from tests.integration.deployed.features.conftest import Format, Json
from tests.integration.deployed.features.request_fields import HAIKU, conversed, message_request

BUDGET = {"type": "enabled", "budget_tokens": 1024}
ADAPTIVE = {"type": "adaptive"}
SUMMARIZED = {**ADAPTIVE, "display": "summarized"}
NONE = {"type": "disabled"}
INTERLEAVED = "interleaved-thinking-2025-05-14"
TAKEN = [
    (HAIKU, BUDGET),
    ("claude-opus-4-5", BUDGET),
    ("claude-sonnet-4-6", BUDGET),
    ("claude-sonnet-4-6", ADAPTIVE),
    ("claude-opus-4-8", SUMMARIZED),
    ("claude-sonnet-5-5", SUMMARIZED),
    ("claude-opus-5-5", SUMMARIZED),
    ("claude-haiku-5-5", SUMMARIZED),
]
REFUSED = [
    (HAIKU, ADAPTIVE),
    ("claude-opus-4-8", BUDGET),
    ("claude-sonnet-5-5", NONE),
    ("claude-opus-5-5", BUDGET),
]


@pytest.mark.parametrize(("model", "mode"), TAKEN)
def test_thoughts_come_with_their_signature(form: Format, model: str, mode: Json) -> None:
    (thought, *_) = form.ask(**message_request("Why?", model=model, thinking=mode)).message[
        "content"
    ]

    assert thought["type"] == "thinking"
    assert thought["thinking"]
    assert thought["signature"]


@pytest.mark.parametrize(("model", "mode"), TAKEN)
def test_thoughts_come_with_their_signature_in_converse(
    bedrock: Any,  # noqa: ANN401
    model: str,
    mode: Json,
) -> None:
    fields = {**conversed({"text": "Why?"}), "modelId": model}
    answer = bedrock.converse(**fields, additionalModelRequestFields={"thinking": mode})
    thought = answer["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"]

    assert thought["text"]
    assert thought["signature"]


def test_a_newer_model_shows_no_thoughts_unless_asked(
    form: Format,
    bedrock: Any,  # noqa: ANN401
) -> None:
    (thought, _) = form.ask(**message_request("Why?", model="claude-opus-5-5")).message["content"]
    assert (thought["thinking"], bool(thought["signature"])) == ("", True)

    answer = bedrock.converse(**{**conversed({"text": "Why?"}), "modelId": "claude-opus-5-5"})
    reasoning = answer["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"]
    assert (reasoning["text"], bool(reasoning["signature"])) == ("", True)


@pytest.mark.parametrize("model", [HAIKU, "claude-opus-4-8", "claude-haiku-5-5"])
def test_a_model_that_may_rest_does(form: Format, model: str) -> None:
    response = form.ask(**message_request("Why?", model=model, thinking=NONE))

    assert [block["type"] for block in response.message["content"]] == ["text"]


@pytest.mark.parametrize(("model", "mode"), REFUSED)
def test_what_a_model_does_not_take_is_refused_in_bedrocks_words(
    messages: anthropic.Anthropic,
    bedrock: Any,  # noqa: ANN401
    model: str,
    mode: Json,
) -> None:
    words = f"thinking.type.{mode['type']}.* is not supported for this model"
    with pytest.raises(anthropic.BadRequestError, match=words):
        messages.beta.messages.create(**message_request("Why?", model=model, thinking=mode))
    with pytest.raises(ClientError, match=f"ValidationException.*{words}"):
        bedrock.converse(
            **{**conversed({"text": "Why?"}), "modelId": model},
            additionalModelRequestFields={"thinking": mode},
        )


def test_thoughts_stream_and_go_back_as_they_came(form: Format) -> None:
    events = form.stream(**message_request("Why?", thinking=BUDGET, betas=[INTERLEAVED]))
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    thought = {
        "type": "thinking",
        "thinking": "".join(delta.get("thinking", "") for delta in deltas),
        "signature": "".join(delta.get("signature", "") for delta in deltas),
    }
    text = {"type": "text", "text": "".join(delta.get("text", "") for delta in deltas)}
    turns = [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": [thought, text]},
        {"role": "user", "content": "And then?"},
    ]
    response = form.ask(**message_request("", messages=turns, thinking=BUDGET))

    assert thought["thinking"]
    assert thought["signature"]
    assert "And then?" in response.text
