"""Documents that ask to be cited are, in both shapes, and a stream's citations add up."""

import json
from typing import Any

import pytest

from local.bedrock import message, rules, schema
from local.bedrock.converse import reply as converse
from local.bedrock.errors import RefusedError
from local.bedrock.message import Answer
from local.bedrock.tokens import Usage
from tests.unit.local_bedrock.conftest import body_of
from tests.unit.local_bedrock.converse_bodies import Json
from tests.unit.local_bedrock.test_replies import model, reply

TEXT = {"type": "text", "media_type": "text/plain", "data": "Grass is green. " * 9}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
BLOCKS = {"type": "content", "content": [{"type": "text", "text": "Grass is green."}]}
LINE = {"type": "content", "content": "Grass is green."}
CITED = {"enabled": True}


def document(source: Json, **fields: Any) -> Json:  # noqa: ANN401
    return {"type": "document", "source": source, "title": "Lawns", **fields}


def answer(*documents: Json, **fields: Any) -> Answer:  # noqa: ANN401
    question = {"type": "text", "text": "Why?"}
    turn = {"role": "user", "content": [*documents, question]}
    made = reply(messages=[turn], **fields)
    return Answer("msg_1", "claude", made, Usage(1, output=made.output_tokens))


def text_block(of: Answer) -> Json:
    (block,) = json.loads(message.serialize(of))["content"]
    assert isinstance(block, dict)
    return block


@pytest.mark.parametrize(
    ("source", "span", "location"),
    [
        (TEXT, ("char_location", "char_index", 0, 100), "documentChar"),
        (PDF, ("page_location", "page_number", 1, 2), "documentPage"),
        (BLOCKS, ("content_block_location", "block_index", 0, 1), "documentChunk"),
        (LINE, ("content_block_location", "block_index", 0, 1), "documentChunk"),
    ],
)
def test_the_first_document_that_may_be_is_cited(
    source: Json, span: tuple[str, str, int, int], location: str
) -> None:
    made = answer(
        document(LINE), document(source, citations=CITED), document(TEXT, citations=CITED)
    )
    kind, unit, start, end = span
    (citation,) = text_block(made)["citations"]
    text = citation.pop("cited_text")
    (block,) = converse.build_response(made, 7, {})["output"]["message"]["content"]

    assert text if source is PDF else text.startswith("Grass is green.")
    assert citation == {
        "type": kind,
        "document_index": 1,
        "document_title": "Lawns",
        f"start_{unit}": start,
        f"end_{unit}": end,
    }
    assert block["citationsContent"] == {
        "content": [{"text": text_block(made)["text"]}],
        "citations": [
            {
                "title": "Lawns",
                "sourceContent": [{"text": text}],
                "location": {location: {"documentIndex": 1, "start": start, "end": end}},
            }
        ],
    }


def test_a_document_without_citations_is_not_cited() -> None:
    made = answer(document(TEXT), document(TEXT, citations={"enabled": False}))

    assert "citations" not in text_block(made)
    assert "text" in converse.build_response(made, 7, {})["output"]["message"]["content"][0]


def test_a_stream_of_either_shape_adds_up_to_the_message() -> None:
    made = answer(document(TEXT, citations=CITED))
    events = [json.loads(event) for event in message.events(made)]
    (opening,) = [e["content_block"] for e in events if e["type"] == "content_block_start"]
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    text = "".join(delta["text"] for delta in deltas if delta["type"] == "text_delta")
    cited = [delta["citation"] for delta in deltas if delta["type"] == "citations_delta"]
    converse_events = [*converse.opening(made), *converse.closing(made, 7, {}, {})]

    assert opening == {"type": "text", "text": "", "citations": []}
    assert {"type": "text", "text": text, "citations": cited} == text_block(made)
    assert converse.assembled(converse_events) == converse.build_response(made, 7, {})


SEARCH = {"type": "search_result", "source": "s", "title": "t", "content": []}


@pytest.mark.parametrize("source", [document(TEXT), SEARCH])
def test_structured_output_cannot_cite(source: Json) -> None:
    def request(*, cited: bool) -> schema.Request:
        block = {**source, "citations": {"enabled": cited}}
        output = {
            "format": {
                "type": "json_schema",
                "schema": {"type": "object", "additionalProperties": False},
            }
        }
        turn = {"role": "user", "content": [block]}
        return schema.parse(body_of(messages=[turn], output_config=output).encode())

    rules.check(request(cited=False), model("claude-sonnet-4-5"))
    with pytest.raises(RefusedError, match="Citations cannot be used"):
        rules.check(request(cited=True), model("claude-sonnet-4-5"))


RESULT = {
    "type": "search_result",
    "source": "s",
    "title": "t",
    "content": [{"type": "text", "text": "x"}],
}


@pytest.mark.parametrize(
    ("sources", "kind"),
    [
        ([document(TEXT, citations=CITED), document(LINE)], "documents"),
        ([document(TEXT, citations=CITED), document(LINE, citations={"enabled": False})], "doc"),
        ([{**RESULT, "citations": CITED}, RESULT], "search results"),
        ([{**RESULT, "citations": CITED}, document(LINE)], None),
        ([document(TEXT, citations=CITED), document(LINE, citations=CITED)], None),
    ],
)
def test_all_of_a_kind_are_cited_or_none(sources: list[Json], kind: str | None) -> None:
    turns = [{"role": "user", "content": [*sources, {"type": "text", "text": "Why?"}]}]
    request = schema.parse(body_of(messages=turns).encode())
    if kind is None:
        rules.check(request, model("claude-sonnet-4-5"))
        return
    with pytest.raises(RefusedError, match=f"Citations must be enabled on all {kind}"):
        rules.check(request, model("claude-sonnet-4-5"))
