"""The marker of a top-level `cache_control`: Bedrock refuses the field for Opus 4.6 and earlier, so
the gateway places the marker, for every model alike.

The rules are those of Anthropic's API:
https://platform.claude.com/docs/en/build-with-claude/prompt-caching#edge-cases. The last block that
can be cached is marked, in the order tools, system, messages; one that cannot is passed over; a
marker that is there already stays; of the four that a request may have it takes one.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from gateway import errors, json_object
from gateway.adaptation import kind_of
from gateway.json_object import Around, Edits, Member

_FIELD: Final = "cache_control"
_MOST_MARKERS: Final = 4
_PARTS: Final = ("tools", "system", "messages")
_CACHEABLE: Final = frozenset(
    {"document", "image", "search_result", "text", "tool_result", "tool_use"}
)
"""Blocks that can be marked: not thinking, nor what Bedrock does not know."""

Path = tuple[str | int, ...]


class _Block(NamedTuple):
    """A block that can be marked, and what is done to it for that, but for the marker's text."""

    path: Path
    marker: object
    """The one that it has."""
    text: str | None = None
    """What the block has become by another change; None where it is as it was written."""
    is_string: bool = False
    """Whether a string stands where a block could."""


def add_marker(
    marker: Member, members: Mapping[str, Member], edits: Mapping[str, Edits]
) -> dict[str, Edits | Around] | None:
    """Return `edits`, which are of the members by name, with the marker placed.

    None if there is nothing to mark, or the last block has this marker. Raises InvalidRequest
    where Anthropic's API does: for a fifth marker, and for another one on that block.
    """
    block = next(_blocks(members, edits), None)
    if block is None:
        return None
    if block.marker is not None:
        _check_same(block.marker, marker.value)
        return None
    if sum(_markers(members[name].value) for name in _PARTS if name in members) >= _MOST_MARKERS:
        raise errors.InvalidRequest(
            f"cache_control: the request has {_MOST_MARKERS} cache markers in its blocks already, "
            f"and cannot have more. Take one out, or send it without the top-level `cache_control`."
        )
    return _with(edits, block, marker.text)


def _with(edits: Mapping[str, Edits], block: _Block, marker: str) -> dict[str, Edits | Around]:
    name, *path = block.path
    if block.text is not None:
        edit: str | Around = json_object.edited(block.text, {_FIELD: marker})
    elif block.is_string:
        edit = Around('[{"type":"text","text":', f',"{_FIELD}":{marker}}}]')
    else:
        path, edit = [*path, _FIELD], marker
    if not path and isinstance(edit, Around):
        return {**edits, str(name): edit}
    return {**edits, str(name): _set(edits.get(str(name), {}), path, edit)}


def _set(edits: Edits, path: list[str | int], edit: str | Around) -> Edits:
    first, *rest = path
    if not rest:
        return {**edits, first: edit}
    own = edits.get(first)
    return {**edits, first: _set(own if isinstance(own, Mapping) else {}, rest, edit)}


def _check_same(marker: object, requested: object) -> None:
    if _lifetime(marker) != _lifetime(requested):
        raise errors.InvalidRequest(
            "cache_control: the last block has a cache marker with another `ttl`. Send one of them."
        )


def _lifetime(marker: object) -> object:
    return (marker.get("ttl") if isinstance(marker, dict) else None) or "5m"


def _markers(value: object) -> int:
    """Return how many markers there are in a list of tools, blocks or messages, at every depth."""
    if isinstance(value, list):
        return sum(map(_markers, value))
    if not isinstance(value, dict):
        return 0
    own = value.get(_FIELD) is not None
    return own + _markers(value.get("content")) + _markers(value.get("source"))


def _blocks(members: Mapping[str, Member], edits: Mapping[str, Edits]) -> Iterator[_Block]:
    """Yield the blocks that can be marked, the last first."""
    for name in reversed(_PARTS):
        value = members[name].value if name in members else None
        own = edits.get(name, {})
        if name == "messages":
            for at, message in _remaining(value, own):
                if isinstance(message, dict):
                    within = own.get(at)
                    inner = within if isinstance(within, Mapping) else {}
                    yield from _content((name, at, "content"), message.get("content"), inner)
        else:
            yield from _content((name,), value, {name: own} if own else {})


def _content(path: Path, value: object, edits: Edits) -> Iterator[_Block]:
    """Of a string, or a list of blocks or tools, that stands at `path`."""
    edit = edits.get(path[-1])
    if isinstance(value, str) and value.strip() and edit is None:
        yield _Block(path, None, is_string=True)
    for at, block in _remaining(value, edit if isinstance(edit, Mapping) else {}):
        within = edit.get(at) if isinstance(edit, Mapping) else None
        if isinstance(within, str):
            yield _Block((*path, at), None, text=within)
        elif isinstance(block, dict) and _is_cacheable(block, path[0] == "tools"):
            yield _Block((*path, at), block.get(_FIELD))


def _remaining(value: object, edits: Edits) -> Iterator[tuple[int, Any]]:
    """Yield what a list holds, but for what is taken out; the last first."""
    if isinstance(value, list):
        for at in reversed(range(len(value))):
            if at not in edits or edits[at] is not None:
                yield at, value[at]


def _is_cacheable(block: Mapping[str, Any], is_tool: bool) -> bool:
    if is_tool:  # one that is found by a search is not in the prompt
        return not block.get("defer_loading")
    kind, text = kind_of(block), block.get("text")
    return kind in _CACHEABLE and (kind != "text" or (isinstance(text, str) and bool(text.strip())))
