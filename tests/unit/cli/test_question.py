"""What is sent for a question, and what is not sent at all."""

from base64 import b64decode
from pathlib import Path

import pytest

from claude_bedrock.cli.ask import request_body
from claude_bedrock.cli.ask.request_body import LARGEST_BODY, BadQuestionError

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def test_text_alone_is_a_plain_message() -> None:
    assert request_body.body("Hi", model="claude-haiku-4-5", max_tokens=5) == {
        "model": "claude-haiku-4-5",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
    }


def test_pdfs_come_before_the_text_in_their_order(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("b.pdf", "a.pdf")]
    for number, file in enumerate(files):
        file.write_bytes(PDF + bytes([number]))

    body = request_body.body("Compare", model="m", max_tokens=5, system="Short.", pdfs=files)

    *documents, text = body["messages"][0]["content"]
    assert [document["title"] for document in documents] == ["b.pdf", "a.pdf"]
    assert [b64decode(document["source"]["data"])[-1] for document in documents] == [0, 1]
    assert {document["source"]["media_type"] for document in documents} == {"application/pdf"}
    assert text == {"type": "text", "text": "Compare"}
    assert body["system"] == "Short."


def test_a_geography_selects_the_models_profile_there() -> None:
    body = request_body.body("Hi", model="claude-haiku-4-5-20251001", geography="us", max_tokens=5)
    assert body["model"] == "us.anthropic.claude-haiku-4-5-20251001-v1:0"


@pytest.mark.parametrize(
    ("model", "geography", "expected"),
    [
        ("claude-opus-4-5", "jp", "no jp profile"),
        ("claude-1", "us", "'claude-1' is not one"),
    ],
)
def test_a_profile_there_is_none_of_is_not_requested(
    model: str, geography: str, expected: str
) -> None:
    with pytest.raises(BadQuestionError, match=expected):
        request_body.body("Hi", model=model, geography=geography, max_tokens=5)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<html>%PDFless", "is not a PDF"),
        (b"", "is not a PDF"),
        (b" " * 1024 + PDF, "is not a PDF"),
        (PDF + b"0" * LARGEST_BODY, "larger than 6,000,000 bytes"),
        (PDF + b"0" * (LARGEST_BODY * 3 // 4), "request is 6,0"),
    ],
)
def test_a_file_that_cannot_be_sent_is_reported_by_name(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    file = tmp_path / "x.pdf"
    file.write_bytes(content)
    with pytest.raises(BadQuestionError, match=expected):
        request_body.body("Hi", model="m", max_tokens=5, pdfs=[file])


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(BadQuestionError, match=r"x\.pdf cannot be read: No such file"):
        request_body.body("Hi", model="m", max_tokens=5, pdfs=[tmp_path / "x.pdf"])
