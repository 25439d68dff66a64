"""Public names that several modules define: which of them is meant, a reader has to look up."""

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePath

from tools.measure.source import Module

# By convention the same in each folder.
_CONVENTIONAL = {"__init__", "__main__", "handler", "command", "main"}
_KINDS = {"class": ast.ClassDef, "function": ast.FunctionDef | ast.AsyncFunctionDef}


def homonyms(modules: Iterable[Module]) -> dict[tuple[str, str], list[str]]:
    """Return the paths by kind and name (`("class", "Answer")`) where there are two or more."""
    paths: dict[tuple[str, str], list[str]] = defaultdict(list)
    for module in modules:
        for kind, name in _public(module):
            paths[kind, name].append(module.path)
    several = ((key, where) for key, where in paths.items() if len(where) > 1)
    return dict(sorted(several, key=lambda item: (-len(item[1]), item[0])))


def _public(module: Module) -> set[tuple[str, str]]:
    names = {("module", PurePath(module.path).stem)}
    for kind, node_type in _KINDS.items():
        names |= {(kind, node.name) for node in module.tree.body if isinstance(node, node_type)}
    return {
        (kind, name)
        for kind, name in names
        if not name.startswith("_") and name not in _CONVENTIONAL
    }
