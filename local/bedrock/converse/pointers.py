"""The fields of Claude's own answer that a Converse response carries on: JSON Pointers into a
Message.

https://www.rfc-editor.org/rfc/rfc6901; a pointer to nothing is left out, a broken one is refused.
"""

import re
from typing import Any

from local.bedrock.errors import invalid

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])+)+")
Json = dict[str, Any]


def check(pointers: list[str]) -> None:
    """Raise RefusedError for an empty or malformed pointer."""
    for pointer in pointers:
        if not _POINTER.fullmatch(pointer):
            raise invalid(
                f"The additional response field path {pointer} is not a valid JSON Pointer."
            )


def selected(message: Json, pointers: list[str]) -> Json:
    """`additionalModelResponseFields` with what `pointers` find in `message`, or nothing."""
    selection: Json = {}
    for pointer in pointers:
        names = [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]
        _copy(message, selection, names)
    return {"additionalModelResponseFields": selection} if selection else {}


def _copy(source: Json, target: Json, names: list[str]) -> None:
    *outer, last = names
    steps: list[tuple[str, Json]] = []
    for name in outer:
        inner = source.get(name)
        if not isinstance(inner, dict):
            return
        source = inner
        steps.append((name, inner))
    if last not in source:
        return
    for name, _ in steps:
        target = target.setdefault(name, {})
    target[last] = source[last]
