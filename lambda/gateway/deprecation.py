"""How the answers of a legacy model say that it is going, and when."""

from datetime import UTC, datetime

from catalog import Life


def headers(life: Life) -> dict[str, str]:
    """`deprecation`, since when (https://www.rfc-editor.org/rfc/rfc9745), and, where the date is
    known, `sunset`, from when on Bedrock refuses it (https://www.rfc-editor.org/rfc/rfc8594)."""
    named = {}
    if life.legacy:
        named["deprecation"] = f"@{int(_midnight(life.legacy).timestamp())}"
    if life.end_of_life:
        named["sunset"] = f"{_midnight(life.end_of_life):%a, %d %b %Y %H:%M:%S GMT}"
    return named


def _midnight(date: str) -> datetime:
    return datetime.fromisoformat(date).replace(tzinfo=UTC)
