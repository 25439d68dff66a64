"""Messages on the shape of a stage block, one line for each mistake: the key's path, what was
given, what is allowed, and for a key that does not exist the one that was meant."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stacks.stage.block import Stage
from stacks.stage.keys import group_at, innermost
from stacks.stage.renamed import NEW_PATHS, PATHS, VALUES, old_keys

MIGRATION = "python -m tools.migrate_stages cdk.json"


def moved_keys(block: Mapping[str, Any]) -> str | None:
    """Return the line about keys that stand where they did before there were groups; None if none
    do."""
    moves = [_move(key) for key in old_keys(block)]
    if not moves:
        return None
    return f"{', '.join(moves)}; `{MIGRATION}` rewrites the file"


def _move(key: str) -> str:
    values = [f"{old} is {new}" for old, new in VALUES.get(key, {}).items()]
    return f"{key} is now {NEW_PATHS[key]}" + (f" ({', '.join(values)})" if values else "")


def lines(errors: Iterable[Mapping[str, Any]], block: Mapping[str, Any]) -> list[str]:
    """Return a line for each key at fault, from what pydantic found in the block."""
    by_path: dict[str, str] = {}
    for error in errors:
        keys = _keys(error["loc"])
        if keys[:2] == ["models", "allow"] and isinstance(block.get("models"), list):
            del keys[1]
        if (
            keys[:2] == ["callers", "teams"]
            and keys[3:4] == ["tags"]
            and _has_tags_alone(keys, block)
        ):
            del keys[3]
        by_path.setdefault(".".join(keys), _line(keys, error))
    return list(by_path.values())


def _has_tags_alone(keys: Sequence[str], block: Mapping[str, Any]) -> bool:
    """Return whether a team stands in the block as an object of tags."""
    tags = block["callers"]["teams"][keys[2]].get("tags")
    return tags is None or isinstance(tags, str)


def _keys(location: Sequence[object]) -> list[str]:
    """Return the keys that lead to a mistake, without list indices and pydantic's own marks."""
    return [part for part in location if isinstance(part, str) and not part.startswith("[")]


def _line(keys: Sequence[str], error: Mapping[str, Any]) -> str:
    path = ".".join(keys)
    if error["type"] == "extra_forbidden":
        return f"{path}: unknown key; {_meant(keys)}"
    key = innermost(keys)
    if error["type"] == "missing":
        return f"{path}: missing; allowed: {key.allowed}"
    value = error["input"]
    if error["type"] == "string_type" and key.path != path and isinstance(value, int | float):
        return f"{path}: {value!r} given; allowed: text in quotes, {json.dumps(json.dumps(value))}"
    return f"{path}: {value!r} given; allowed: {key.allowed}"


def _meant(keys: Sequence[str]) -> str:
    """Return the key that was probably meant, else those that the group has."""
    *parents, name = keys
    known = [key for key in group_at(parents).model_fields if key != "name"]
    inside = "".join(f"{parent}." for parent in parents)
    if elsewhere := {**PATHS, **NEW_PATHS}.get(name):
        return f"it is {elsewhere}"
    if near := difflib.get_close_matches(name, known, n=1, cutoff=0.7):
        return f"did you mean {inside}{near[0]}?"
    if not parents and (near := difflib.get_close_matches(name, PATHS, n=1, cutoff=0.7)):
        return f"did you mean {PATHS[near[0]]}?"
    return f"allowed: {', '.join(inside + key for key in known)}"


def unknown_name() -> str:
    """Return the line about a block that gives the stage's name, which is its key in the map."""
    return f"name: unknown key; allowed: {', '.join(k for k in Stage.model_fields if k != 'name')}"
