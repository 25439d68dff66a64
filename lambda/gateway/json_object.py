"""A JSON object's members as they were written: each value parsed once, its bytes kept.

What the gateway does not change must leave as it came (cache markers, thinking signatures), so a
body is never parsed and serialized again: its members are cut out and put together anew.
"""

from collections.abc import Iterator, Mapping
from json import JSONDecoder, dumps, loads
from json.encoder import encode_basestring_ascii
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias


class Around(NamedTuple):
    """Text to put before and after a value's own, which stays as it was written."""

    before: str
    after: str


Edits: TypeAlias = Mapping[str | int, "str | Around | Edits | None"]
"""What to change in a container, by member name or index: a text in place of the value's or around
it, changes within it, or None to take it out."""

_SPACE = " \t\n\r"
_BYTE_ORDER_MARK: Final = "\ufeff"
"""May come first, and is ignored: https://www.rfc-editor.org/rfc/rfc8259#section-8.1"""
_MOST_DIGITS: Final = 4300
"""Of an integer that Python reads: https://docs.python.org/3/library/stdtypes.html#int-max-str-digits"""


class NotAnObject(Exception):
    """The text is no JSON object; the message is fit for the caller and quotes nothing of it."""


class Span(NamedTuple):
    """Where in `source` a value is written; `str` cuts it out, which copies it."""

    source: str
    start: int
    end: int

    def __str__(self) -> str:
        return self.source[self.start : self.end]

    def has(self, word: str) -> bool:
        return self.source.find(word, self.start, self.end) >= 0


class Member(NamedTuple):
    """A value, and where it is written."""

    value: Any
    written: Span

    @classmethod
    def of(cls, value: object, text: str) -> "Member":
        """Return a member that no body holds, with `text` as its JSON."""
        return cls(value, Span(text, 0, len(text)))

    @property
    def text(self) -> str:
        return str(self.written)


Parts: TypeAlias = dict[str, str | Span]
"""Names of an object's members and the text of each, or where it is."""


def parsed(data: bytes) -> dict[str, Any]:
    """Return the object that `data` is, for what Bedrock sends; empty if it is none."""
    try:
        content = loads(data)
    except (ValueError, RecursionError):
        return _parsed_slowly(data)
    return content if isinstance(content, dict) else {}


def _parsed_slowly(data: bytes) -> dict[str, Any]:
    """Return the same, with integers of any length."""
    try:
        content = _DECODER.decode(data.decode())
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def members(text: str) -> dict[str, Member]:
    """Return the members of the object that `text` is; of a name given twice, the last (as json
    does).

    A byte order mark before it is ignored.

    Raises NotAnObject.
    """
    try:
        return _members(text)
    except RecursionError as error:
        raise NotAnObject("The request body is nested too deeply. Flatten it.") from error
    except (ValueError, IndexError) as error:
        raise NotAnObject("The request body is not valid JSON. Send a JSON object.") from error


def repeated_name(text: str) -> str:
    """Return a name that an object within valid JSON has twice; empty where each stands once.

    Which of the two counts is open: https://www.rfc-editor.org/rfc/rfc8259#section-4
    """
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        names: set[str] = set()
        for name, _ in pairs:
            if name in names:
                repeated.append(name)
            names.add(name)

    JSONDecoder(object_pairs_hook=note, parse_int=_integer).decode(text.lstrip(_BYTE_ORDER_MARK))
    return repeated[0] if repeated else ""


def member(text: str) -> Member:
    """Return the member that JSON text is, which must be valid."""
    return Member.of(_DECODER.decode(text), text)


def join(parts: Parts) -> str:
    """Return the object made of these, in order. Empties `parts`: what they were cut from may be
    large, and is not to be kept beside what is made of it."""
    pieces: list[str] = []
    for name in tuple(parts):
        pieces += (",", encode_basestring_ascii(name), ":", str(parts.pop(name)))
    return "".join(("{", *pieces[1:], "}"))


def edited(text: str, edits: Edits) -> str:
    """Return the object or array that `text` is, changed as `edits` say and nowhere else.

    All that is not edited keeps its bytes, the space between values too. Of a name in `edits` that
    an object does not have, a text is added at its end, and anything else passed over. Of a name
    given twice the last counts: an edit takes out the others.
    """
    children = list(_children(text, 0))
    last = {child[0]: child for child in children}
    added = [
        f"{dumps(name)}:{edit}"
        for name, edit in edits.items()
        if isinstance(edit, str) and name not in last and text[0] == "{"
    ]
    if not children:
        return f"{text[:1]}{','.join(added)}{text[1:]}"
    pieces = [
        _edited(text, child, edits[key]) if key in edits else text[child[2] : child[5]]
        for child in children
        if (key := child[0]) not in edits or (last[key] is child and edits[key] is not None)
    ]
    return text[: children[0][2]] + ",".join(pieces + added) + text[children[-1][5] :]


def merged(first: Edits, second: Edits) -> Edits:
    """Return both at once, of the same container: what either takes out goes, and a text that
    `first` puts in place of a value stays as it is."""
    both = dict(first)
    for key, edit in second.items():
        own = both.get(key)
        if key not in both or edit is None:
            both[key] = edit
        elif isinstance(own, Mapping) and isinstance(edit, Mapping):
            both[key] = merged(own, edit)
    return both


_Child: TypeAlias = tuple[str | int, Any, int, int, int, int]
"""A value in its container: key, value, and where in the text it is. All between commas goes from
`left` to `right`, the value itself from `start` to `end`: the order is left, start, end, right."""


def _edited(text: str, child: _Child, edit: "str | Around | Edits | None") -> str:
    _, _, left, start, end, right = child
    value = text[start:end]
    if isinstance(edit, Around):
        new = f"{edit.before}{value}{edit.after}"
    else:
        new = edit if isinstance(edit, str) else edited(value, edit or {})
    return text[left:start] + new + text[end:right]


def _members(text: str) -> dict[str, Member]:
    at = _skip_space(text, text.startswith(_BYTE_ORDER_MARK))
    if text[at] != "{":
        _DECODER.decode(text[at:])
        raise NotAnObject("The request body must be a JSON object.")
    result: dict[str, Member] = {}
    after = at + 1
    for key, value, _, start, end, right in _children(text, at):
        result[str(key)] = Member(value, Span(text, start, end))
        after = right
    if _skip_space(text, _expect(text, after, "}")) != len(text):
        raise ValueError(after)
    return result


def _children(text: str, at: int) -> Iterator[_Child]:
    """Yield what the container at `at` holds, in order; ValueError or IndexError where it breaks.

    Most clients write no space between values: only where there is some a call skips it.
    """
    named = text[at] == "{"
    left, index = at + 1, 0
    at = left if text[left] not in _SPACE else _skip_space(text, left)
    more = text[at] not in "}]"
    while more:
        key: str | int = index
        if named:
            if text[at] != '"':
                raise ValueError(at)
            key, at = _DECODER.raw_decode(text, at)
            at = at + 1 if text[at] == ":" else _expect(text, at, ":")
            if text[at] in _SPACE:
                at = _skip_space(text, at)
        value, end = _DECODER.raw_decode(text, at)
        right = end if text[end] not in _SPACE else _skip_space(text, end)
        yield key, value, left, at, end, right
        left, index = right + 1, index + 1
        more = text[right] == ","
        if more:
            at = left if text[left] not in _SPACE else _skip_space(text, left)


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


def _integer(digits: str) -> int | float:
    """Return the integer; infinity for one with more digits than Python reads."""
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


_DECODER = JSONDecoder(parse_constant=_refuse, parse_int=_integer)
