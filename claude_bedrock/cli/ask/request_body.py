"""The request body of a question: text, PDFs and a system prompt."""

import json
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from claude_bedrock import catalog
from claude_bedrock.cli.shared.errors import CliError

LARGEST_BODY: Final = 6_000_000
"""Bytes. No stage takes more, since Lambda does not (docs/configuration.md, `max_body_bytes`):
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_HEADER = b"%PDF-"
_HEADER_WITHIN = 1024  # bytes; PDF 32000-1, annex H.3, implementation note 13


class BadQuestionError(CliError):
    """This cannot be asked; the text says why."""


def body(
    prompt: str,
    *,
    model: str,
    max_tokens: int,
    geography: str | None = None,
    system: str | None = None,
    pdfs: Sequence[Path] = (),
) -> dict[str, Any]:
    """Return the body of a streaming Messages request; `geography` asks for the model's profile
    there.

    Raises BadQuestionError for what the endpoint is sure to refuse, before anything is sent."""
    text = {"type": "text", "text": prompt}
    content: object = [*map(_document, pdfs), text] if pdfs else prompt
    question: dict[str, Any] = {
        "model": _profile(model, geography) if geography else model,
        "max_tokens": max_tokens,
        "messages": [{"role": "user", "content": content}],
        "stream": True,
    }
    if system is not None:
        question["system"] = system
    size = len(json.dumps(question))
    if size > LARGEST_BODY:
        raise BadQuestionError(
            f"The request is {size:,} bytes long, and the limit is {LARGEST_BODY:,}. A PDF grows "
            "by a third in a request."
        )
    return question


def _profile(model: str, geography: str) -> str:
    catalog_model = catalog.find(model)
    if catalog_model is None:
        raise BadQuestionError(
            f"--geography needs a model of the catalog, and {model!r} is not one."
        )
    try:
        return catalog.profile_id(catalog_model, geography)
    except catalog.NoProfile as error:
        raise BadQuestionError(str(error)) from error


def _document(pdf: Path) -> dict[str, Any]:
    """https://platform.claude.com/docs/en/build-with-claude/pdf-support"""
    return {
        "type": "document",
        "source": {
            "type": "base64",
            "media_type": "application/pdf",
            "data": b64encode(_read(pdf)).decode(),
        },
        "title": pdf.name,
    }


def _read(pdf: Path) -> bytes:
    try:
        with pdf.open("rb") as file:
            content = file.read(LARGEST_BODY + 1)
    except OSError as error:
        raise BadQuestionError(f"{pdf} cannot be read: {error.strerror}") from error
    if _HEADER not in content[:_HEADER_WITHIN]:
        raise BadQuestionError(f"{pdf} is not a PDF. It does not begin with {_HEADER.decode()}")
    if len(content) > LARGEST_BODY:
        raise BadQuestionError(
            f"{pdf} is larger than {LARGEST_BODY:,} bytes, the most that a request may have."
        )
    return content
