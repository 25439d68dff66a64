"""Citations of a document, whole and streamed, and sent back as they came."""

from typing import Any

import anthropic
import pytest
from botocore.exceptions import ClientError

from tests.integration.deployed.features.conftest import Format, Json
from tests.integration.deployed.features.request_fields import (
    SCHEMA,
    base64,
    conversed,
    message_request,
)
from tests.unit.local_bedrock.files import pdf

TEXT = "Grass is green."
LAWNS: Json = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": TEXT},
    "title": "Lawns",
    "citations": {"enabled": True},
}
WHY: Json = {"type": "text", "text": "Why?"}
CITATION = {
    "type": "char_location",
    "cited_text": TEXT,
    "document_index": 0,
    "document_title": "Lawns",
    "start_char_index": 0,
    "end_char_index": len(TEXT),
}


def test_a_document_is_cited_and_the_citation_may_go_back(form: Format) -> None:
    (block,) = form.ask(**message_request([LAWNS, WHY])).message["content"]
    turns = [
        {"role": "user", "content": [LAWNS, WHY]},
        {"role": "assistant", "content": [block]},
        {"role": "user", "content": "And then?"},
    ]

    assert block["citations"] == [CITATION]
    assert "And then?" in form.ask(**message_request("", messages=turns)).text


def test_citations_stream(form: Format) -> None:
    events = form.stream(**message_request([LAWNS, WHY]))
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    cited = [delta["citation"] for delta in deltas if delta["type"] == "citations_delta"]

    assert cited == [CITATION]


def test_without_citations_requested_there_are_none(form: Format) -> None:
    document = {"type": "document", "source": base64("application/pdf", pdf(1))}
    (block,) = form.ask(**message_request([document, WHY])).message["content"]

    assert not block.get("citations")


def test_a_document_is_cited_and_the_citation_may_go_back_in_converse(bedrock: Any) -> None:  # noqa: ANN401
    document = {
        "name": "Lawns",
        "format": "txt",
        "source": {"bytes": TEXT.encode()},
        "citations": {"enabled": True},
    }
    fields = conversed({"document": document}, {"text": "Why?"})
    turn = bedrock.converse(**fields)["output"]["message"]
    events = list(bedrock.converse_stream(**fields)["stream"])
    deltas = [
        event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event
    ]
    again = {"role": "user", "content": [{"text": "And then?"}]}
    response = bedrock.converse(**{**fields, "messages": [*fields["messages"], turn, again]})
    location = {"documentIndex": 0, "start": 0, "end": len(TEXT)}
    citation = {
        "title": "Lawns",
        "sourceContent": [{"text": TEXT}],
        "location": {"documentChar": location},
    }

    (block,) = turn["content"]
    assert block["citationsContent"]["citations"] == [citation]
    assert [delta["citation"] for delta in deltas if "citation" in delta] == [citation]
    (block,) = response["output"]["message"]["content"]
    assert "And then?" in block["citationsContent"]["content"][0]["text"]


def test_beside_structured_output_they_are_refused(form: Format) -> None:
    output = {"format": {"type": "json_schema", "schema": SCHEMA}}
    words = "Citations cannot be used with structured outputs"
    with pytest.raises((anthropic.BadRequestError, ClientError), match=words):
        form.ask(**message_request([LAWNS, WHY], output_config=output))
