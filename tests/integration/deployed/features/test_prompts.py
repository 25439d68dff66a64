"""What a prompt may hold: system prompts, images, documents, stop sequences, a million tokens."""

from typing import Any

import anthropic
import pytest
from botocore.exceptions import ClientError

from tests.integration.deployed.features.conftest import Format
from tests.integration.deployed.features.request_fields import (
    HAIKU,
    base64,
    conversed,
    message_request,
    text_of,
)
from tests.unit.local_bedrock.files import image, pdf

SYSTEM = "Speak plainly. " * 40
IMAGE_TOKENS = 1500
SEEN, READ = 7000, 1000  # tokens of three pages, as a whole and as text alone
PNG, PDF = image(), pdf(3)


def test_a_system_prompt_is_part_of_the_prompt(form: Format) -> None:
    blocks = [{"type": "text", "text": SYSTEM}]
    without, plain, structured = (
        form.ask(**message_request("Hi", **system)).message["usage"]["input_tokens"]
        for system in ({}, {"system": SYSTEM}, {"system": blocks})
    )

    assert plain == structured
    assert plain - without >= len(SYSTEM) // 4


def test_a_system_prompt_is_part_of_the_prompt_in_converse(bedrock: Any) -> None:  # noqa: ANN401
    without, with_system = (
        bedrock.converse(**conversed({"text": "Hi"}, **system))["usage"]["inputTokens"]
        for system in ({}, {"system": [{"text": SYSTEM}]})
    )

    assert with_system - without >= len(SYSTEM) // 4


def test_an_image_is_read(form: Format) -> None:
    image = {"type": "image", "source": base64("image/png", PNG)}
    response = form.ask(**message_request([image, {"type": "text", "text": "What color?"}]))

    assert "What color?" in response.text
    assert response.message["usage"]["input_tokens"] == IMAGE_TOKENS + 3


def test_an_image_is_read_in_converse(bedrock: Any) -> None:  # noqa: ANN401
    image = {"image": {"format": "png", "source": {"bytes": PNG}}}
    answer = bedrock.converse(**conversed(image, {"text": "What color?"}))

    assert "What color?" in text_of(answer)
    assert answer["usage"]["inputTokens"] == IMAGE_TOKENS + 3


@pytest.mark.parametrize("cited", [False, True])
def test_a_pdf_is_read_in_full_without_citations_too(form: Format, cited: bool) -> None:
    document = {
        "type": "document",
        "source": base64("application/pdf", PDF),
        "citations": {"enabled": cited},
    }
    response = form.ask(**message_request([document, {"type": "text", "text": "Read."}]))

    assert response.message["usage"]["input_tokens"] == SEEN + 2


@pytest.mark.parametrize(("cited", "tokens"), [(False, READ), (True, SEEN)])
def test_of_a_pdf_converse_reads_the_text_and_sees_it_in_full_with_citations(
    bedrock: Any,  # noqa: ANN401
    cited: bool,
    tokens: int,
) -> None:
    document = {
        "name": "pages",
        "format": "pdf",
        "source": {"bytes": PDF},
        "citations": {"enabled": cited},
    }
    answer = bedrock.converse(**conversed({"document": document}, {"text": "Read."}))

    assert answer["usage"]["inputTokens"] == tokens + 2


def test_a_stop_sequence_stops(form: Format) -> None:
    response = form.ask(**message_request("one two three", stop_sequences=["two"]))
    events = form.stream(**message_request("one two three", stop_sequences=["two"]))

    assert response.text.endswith("one ")
    assert (response.message["stop_reason"], response.message["stop_sequence"]) == (
        "stop_sequence",
        "two",
    )
    (end,) = [event["delta"] for event in events if event["type"] == "message_delta"]
    assert (end["stop_reason"], end["stop_sequence"]) == ("stop_sequence", "two")


def test_a_stop_sequence_stops_in_converse(bedrock: Any) -> None:  # noqa: ANN401
    fields = conversed({"text": "one two three"}, inferenceConfig={"stopSequences": ["two"]})
    answer = bedrock.converse(**fields)

    assert text_of(answer).endswith("one ")
    assert answer["stopReason"] == "stop_sequence"


MILLION = ["context-1m-2025-08-07"]


def test_the_beta_for_a_million_tokens_is_taken_where_there_are_as_many(
    messages: anthropic.Anthropic,
    bedrock: Any,  # noqa: ANN401
) -> None:
    request = message_request("Hi", model="claude-sonnet-4-6")
    by_messages = messages.beta.messages.with_raw_response.create(**request, betas=MILLION)
    fields = {"anthropic_beta": MILLION}
    by_converse = bedrock.converse(
        **{**conversed({"text": "Hi"}), "modelId": "claude-sonnet-4-6"},
        additionalModelRequestFields=fields,
    )

    assert "x-gateway-adapted" not in by_messages.headers
    assert by_converse["stopReason"] == "end_turn"


@pytest.mark.parametrize("model", ["claude-opus-4-8", "claude-sonnet-5-5"])
def test_it_is_left_out_where_a_million_need_no_beta(
    messages: anthropic.Anthropic, model: str
) -> None:
    fields = message_request("Hi", model=model)
    answer = messages.beta.messages.with_raw_response.create(**fields, betas=MILLION)

    assert answer.headers["x-gateway-adapted"] == "beta:context-1m-2025-08-07"


@pytest.mark.parametrize("model", [HAIKU, "claude-opus-4-5"])
def test_it_is_refused_clearly_where_there_are_fewer(
    messages: anthropic.Anthropic,
    bedrock: Any,  # noqa: ANN401
    model: str,
) -> None:
    with pytest.raises(anthropic.BadRequestError, match="context window of 200,000 tokens"):
        messages.beta.messages.create(**message_request("Hi", model=model), betas=MILLION)
    with pytest.raises(ClientError, match=r"ValidationException.*invalid beta flag"):
        bedrock.converse(
            **{**conversed({"text": "Hi"}), "modelId": model},
            additionalModelRequestFields={"anthropic_beta": MILLION},
        )
