"""Fields of a Messages body that Anthropic's SDK does not know, at every depth.

A new release of a client sends a beta that nobody here knows and, with it, perhaps a field. Bedrock
refuses both, so both go; a client must not stop for that. A field that the SDK knows, or nearly
knows, is not the new beta's: it stays, or is named as the mistake that it is.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from claude_bedrock.catalog import message_fields
from gateway import errors
from gateway.adaptation import Adaptation, Changes, safe_token

Way: TypeAlias = "tuple[Way | None, str | int]"
"""How a place is reached: the way to what it is in, and its name or position there."""

_SHORTEST_TYPO: Final = 4
_LONG_NAME: Final = 8  # from which on two letters may be wrong


def is_unknown(name: str, adaptation: Adaptation) -> bool:
    """Return whether a field of the body's own is unknown. Raises InvalidRequest for a typo."""
    known = _fields(_schema().ROOT)
    if (
        name in known
        or name in message_fields.TAKEN
        or name.startswith(message_fields.BEDROCK_PREFIX)
    ):
        return False
    if adaptation.is_new(f"field:{safe_token(name)}"):
        _check_typo(name, name, {*known, *message_fields.TAKEN})
    return True


def within(name: str, value: object, adaptation: Adaptation) -> Changes:
    """Return the edits that take out what is unknown within the member `name`, each noted.

    Raises InvalidRequest for a typo.
    """
    type_name = _fields(_schema().ROOT).get(name, "")
    return _unknown(value, type_name, (None, name), adaptation) if type_name else {}


def _unknown(value: object, type_name: str, way: Way, adaptation: Adaptation) -> Changes:
    edits: Changes = {}
    if isinstance(value, list):
        for position, item in enumerate(value):
            if edit := _unknown(item, type_name, (way, position), adaptation):
                edits[position] = edit
    elif isinstance(value, dict) and _is_known_type(value, type_name):
        known = _fields(type_name)
        for name, inner in value.items():
            inside = known.get(name)
            if inside:
                if edit := _unknown(inner, inside, (way, name), adaptation):
                    edits[name] = edit
            elif inside is None and not name.startswith(message_fields.BEDROCK_PREFIX):
                steps = _steps(way)
                path = ".".join(step for step in steps if isinstance(step, str))
                change = f"field:{path}.{safe_token(name)}"
                if adaptation.is_new(change):
                    _check_typo(name, ".".join(map(str, [*steps, name])), known)
                adaptation.note(change)
                edits[name] = None
    return edits


def _steps(way: Way) -> list[str | int]:
    before, step = way
    return [*(_steps(before) if before else ()), step]


def _is_known_type(value: Mapping[str, Any], type_name: str) -> bool:
    """Return whether the type of a block or tool is known. The fields of an unknown type are
    unknown too, so such a block stays as it is."""
    kind = value.get("type")
    kinds = _schema().TYPES.get(type_name, frozenset())
    return not isinstance(kind, str) or not kinds or kind in kinds


def _fields(type_name: str) -> Mapping[str, str]:
    own = message_fields.BEDROCK_FIELDS.get(type_name)
    known: Mapping[str, str] = _schema().FIELDS[type_name]
    return {**known, **dict.fromkeys(own, "")} if own else known


@cache
def _schema() -> Any:  # noqa: ANN401 - a module
    from claude_bedrock.catalog import message_schema  # noqa: PLC0415 - hardly ever needed, and large

    return message_schema


def _check_typo(name: str, path: str, known: Iterable[str]) -> None:
    """Raise InvalidRequest where `name` is nearly one of `known`."""
    near = [item for item in known if _is_near(name, item)]
    if near:
        raise errors.InvalidRequest(
            f"{path}: Extra inputs are not permitted. Did you mean `{min(near)}`?"
        )


def _is_near(name: str, known: str) -> bool:
    """Return whether `name` is `known` in another case or with a letter or two wrong."""
    plain, other = (item.lower().replace("_", "").replace("-", "") for item in (name, known))
    if plain == other:
        return True
    most = 2 if len(known) >= _LONG_NAME else 1
    shortest = min(len(plain), len(other))
    return shortest >= _SHORTEST_TYPO and _distance(plain, other, most) <= most


def _distance(first: str, other: str, most: int) -> int:
    """Return the number of letters left out, added, changed or swapped with the next; past `most`,
    any number above it. https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance (optimal
    string alignment)

    https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance (optimal string alignment)
    """
    if abs(len(first) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(first, 1):
        before, last, row = row, before, [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and first[i - 2] == against:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
