"""Reads fields of an item whose form is not certain, and names the field at fault."""

from collections.abc import Mapping
from typing import Any

from claude_bedrock.records.window import UnreadableError

Fields = Mapping[str, Any]


def text(fields: Fields, name: str) -> str:
    """Return a text that must be there, and not be empty. Raises UnreadableError."""
    value = fields.get(name)
    if value is None or value == "":
        raise UnreadableError(f"{name} is missing")
    return _checked_text(value, name)


def optional_text(fields: Fields, name: str) -> str:
    """Return a text; empty where there is none. Raises UnreadableError."""
    value = fields.get(name)
    return "" if value is None else _checked_text(value, name)


def members(fields: Fields, name: str) -> Fields:
    """Return an object; empty where there is none. Raises UnreadableError."""
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableError(f"{name} is not an object")
    return value


def texts(fields: Fields, name: str) -> Mapping[str, str]:
    """Return an object of texts; empty where there is none. Raises UnreadableError."""
    values = members(fields, name)
    for key, value in values.items():
        _checked_text(value, f"{name}.{key}")
    return values


def number(fields: Fields, name: str) -> float:
    """Return a number; 0 where there is none. Raises UnreadableError."""
    value = fields.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableError(f"{name} is not a number")
    return value


def _checked_text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise UnreadableError(f"{name} is not a text")
    return value
