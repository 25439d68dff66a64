"""A JSON object's members as they were written: each value parsed once, its bytes kept.

What the gateway does not change must leave as it came (cache markers, thinking signatures), so a
body is never parsed and serialised again: its members are cut out and put together anew.
"""

from json import JSONDecoder, dumps
from typing import Any, NamedTuple, NoReturn

_SPACE = " \t\n\r"


class NotAnObject(Exception):
    """The text is no JSON object; the message is fit for the caller and quotes nothing of it."""


class Member(NamedTuple):
    """A value, and the text it was written as."""

    value: Any
    text: str


def members(text: str) -> dict[str, Member]:
    """The members of the object that `text` is; of a name given twice, the last (as json does).

    Raises NotAnObject.
    """
    try:
        return _members(text)
    except RecursionError as error:
        raise NotAnObject("The request body is nested too deeply.") from error
    except (ValueError, IndexError) as error:
        raise NotAnObject("The request body is not valid JSON.") from error


def join(parts: dict[str, str]) -> str:
    """The object made of these names and value texts, in order."""
    return "{" + ",".join(f"{dumps(name)}:{text}" for name, text in parts.items()) + "}"


def _members(text: str) -> dict[str, Member]:
    at = _skip_space(text, 0)
    if text[at] != "{":
        _DECODER.decode(text)
        raise NotAnObject("The request body must be a JSON object.")
    found: dict[str, Member] = {}
    at = _skip_space(text, at + 1)
    more = text[at] != "}"
    while more:
        if text[at] != '"':
            raise ValueError(at)
        name, at = _DECODER.raw_decode(text, at)
        start = _skip_space(text, _expect(text, at, ":"))
        value, end = _DECODER.raw_decode(text, start)
        found[name] = Member(value, text[start:end])
        at = _skip_space(text, end)
        more = text[at] == ","
        if more:
            at = _skip_space(text, at + 1)
    if _skip_space(text, _expect(text, at, "}")) != len(text):
        raise ValueError(at)
    return found


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _expect(text: str, at: int, character: str) -> int:
    at = _skip_space(text, at)
    if text[at] != character:
        raise ValueError(at)
    return at + 1


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are Python's JSON, nobody else's


_DECODER = JSONDecoder(parse_constant=_refuse)
