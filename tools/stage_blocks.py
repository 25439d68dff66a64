"""Stage blocks as tests write them: a key by its path, `logging.retention_days`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stacks.stage.renamed import PATHS

ABSENT: Final = object()
"""Takes a key out of the block."""

Block = Mapping[str, Any]


def nested(paths: Block) -> dict[str, Any]:
    """Return the block whose keys are given by their paths."""
    return with_keys({}, paths)


def with_names(block: Block, **changes: object) -> dict[str, Any]:
    """Return the block with other values of keys, each given by its own name without its group."""
    return with_keys(block, {PATHS.get(name, name): value for name, value in changes.items()})


def with_keys(block: Block, changes: Block) -> dict[str, Any]:
    """Return the block with other values at the paths; ABSENT takes a key out."""
    changed: dict[str, Any] = {
        key: {**value} if isinstance(value, Mapping) else value for key, value in block.items()
    }
    for path in sorted(changes, key=lambda path: path.count(".")):
        group, _, name = path.rpartition(".")
        if isinstance(changed.get(group), list | tuple):  # the short form of `models`
            changed[group] = {"allow": changed[group]}
        inside = changed.setdefault(group, {}) if group else changed
        if changes[path] is ABSENT:
            inside.pop(name, None)
        else:
            inside[name] = changes[path]
    return changed
