"""Images and PDFs that the model could not open are refused.

https://github.com/anthropics/claude-code/issues/2854, /11181, /14704 and /19577 and
https://github.com/maximhq/bifrost/issues/5472 quote most of the words; the rest are after them.
"""

import json
from typing import Any

import pytest

from claude_bedrock.catalog import MODELS
from local.bedrock import media, rules, schema
from local.bedrock.errors import RefusedError
from tests.unit.local_bedrock.conftest import body_of
from tests.unit.local_bedrock.converse_bodies import TEXT, parse_question
from tests.unit.local_bedrock.converse_bodies import user as user_turn
from tests.unit.local_bedrock.files import image, pdf, text

Json = dict[str, Any]
HTML = text(b"<!doctype html><p>Not found</p>")
SONNET = next(model for model in MODELS if model.name == "claude-sonnet-4-5")
CALL: Json = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}


def picture(data: str, media_type: str = "image/png") -> Json:
    return {"type": "image", "source": _base64(data, media_type)}


def document(data: str) -> Json:
    return {"type": "document", "source": _base64(data, "application/pdf")}


def _base64(data: str, media_type: str) -> Json:
    return {"type": "base64", "media_type": media_type, "data": data}


def check(*content: Json) -> None:
    body = json.loads(body_of())
    body["messages"] = [{"role": "user", "content": list(content)}]
    rules.check(schema.parse(json.dumps(body).encode()), SONNET)


def refusal(*content: Json) -> str:
    with pytest.raises(RefusedError) as refused:
        check(*content)
    return refused.value.message


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_an_image_of_each_kind_is_taken(kind: str) -> None:
    check(picture(text(image(kind)), f"image/{kind.lower()}"))


@pytest.mark.parametrize(
    "data", [HTML, "not base64!", text(b"\x89PNG\r\n\x1a\n"), text(image()[:20]), text(b"BM")]
)
def test_what_is_no_image_cannot_be_processed(data: str) -> None:
    assert refusal(picture(data)) == "Could not process image"


def test_an_image_of_another_kind_than_its_media_type_is_refused() -> None:
    assert refusal(picture(text(image("JPEG")))).startswith(
        "messages.0.content.0.image.source.base64.data: The image was specified using the "
        "image/png media type, but the image appears to be a image/jpeg image"
    )


def test_an_image_over_5_mb_is_refused() -> None:
    data = "A" * (media.LARGEST_IMAGE_BYTES + 4)
    assert refusal(picture(data)) == (
        "messages.0.content.0.image.source.base64: image exceeds 5 MB maximum: 5242884 bytes > "
        "5242880 bytes"
    )


@pytest.mark.parametrize(
    ("width", "count", "words"),
    [
        (8000, 1, ""),
        (8001, 1, "max allowed size: 8000 pixels"),
        (2001, 20, ""),
        (2001, 21, "max allowed size for many-image requests: 2000 pixels"),
        (1, 100, ""),
        (1, 101, "Too much media: 0 document pages + 101 images > 100"),
    ],
)
def test_images_have_a_longest_side_and_a_largest_number(
    width: int, count: int, words: str
) -> None:
    images = [picture(text(image(width=width)))] * count
    if words:
        assert words in refusal(*images)
    else:
        check(*images)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (HTML, "The PDF specified was not valid."),
        ("not base64!", "The PDF specified was not valid."),
        (text(pdf(password="x")), "The PDF specified is password protected."),
        (text(pdf(101)), "A maximum of 100 PDF pages may be provided."),
    ],
)
def test_a_pdf_that_cannot_be_read_is_refused(data: str, words: str) -> None:
    assert refusal(document(data)) == f"messages.0.content.0.pdf.source.base64.data: {words}"


def test_pages_and_images_count_together() -> None:
    check(document(text(pdf(99))), picture(text(image())))
    assert refusal(document(text(pdf(100))), picture(text(image()))) == (
        "Too much media: 100 document pages + 1 images > 100"
    )


def test_tool_results_are_checked_too() -> None:
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [picture(HTML)]}
    body = json.loads(body_of())
    body["messages"] = [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": [CALL]},
        {"role": "user", "content": [result]},
    ]
    with pytest.raises(RefusedError, match="Could not process image"):
        rules.check(schema.parse(json.dumps(body).encode()), SONNET)


def test_converse_has_words_of_its_own_for_a_broken_pdf() -> None:
    broken = {"document": {"format": "pdf", "name": "d", "source": {"bytes": HTML}}}
    with pytest.raises(RefusedError) as refused:
        parse_question(messages=[user_turn(TEXT, broken)])
    assert refused.value.message.startswith(
        "messages.0.content.1.source.bytes: The document source bytes could not be parsed"
    )
