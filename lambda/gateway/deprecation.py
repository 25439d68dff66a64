"""Response headers that announce the end of a legacy model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_bedrock.catalog import Life

if TYPE_CHECKING:
    from datetime import datetime


def headers(life: Life) -> dict[str, str]:
    """Return the headers `deprecation`, since when (https://www.rfc-editor.org/rfc/rfc9745), and,
    where the date is known, `sunset`, from when on Bedrock refuses it
    (https://www.rfc-editor.org/rfc/rfc8594)."""
    named = {}
    if life.legacy:
        named["deprecation"] = f"@{int(_midnight(life.legacy).timestamp())}"
    if life.end_of_life:
        named["sunset"] = f"{_midnight(life.end_of_life):%a, %d %b %Y %H:%M:%S GMT}"
    return named


def _midnight(date: str) -> datetime:
    from datetime import UTC, datetime  # noqa: PLC0415 - few models are legacy, no start waits for it

    return datetime.fromisoformat(date).replace(tzinfo=UTC)
