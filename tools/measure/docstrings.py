"""The share of functions whose docstring begins with a verb in the imperative (PEP 257)."""

import ast
from pathlib import Path

from tools.measure.source import Module, functions

VERBS = frozenset(Path(__file__).with_name("verbs.txt").read_text().split())
_PROPERTIES = {"property", "cached_property"}


def first_lines(module: Module) -> list[str]:
    """Return the docstrings' first lines of all functions but properties, which name a value."""
    texts = (ast.get_docstring(node) for node in functions(module) if not _is_property(node))
    return [text.splitlines()[0] for text in texts if text]


def is_imperative(line: str) -> bool:
    """Check the first word against the list of verbs; `Name of …` begins with a noun."""
    words = line.replace(",", " ").split()
    return words[0].strip(".:").lower() in VERBS and words[1:2] != ["of"]


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = {
        getattr(decorator, "id", getattr(decorator, "attr", ""))
        for decorator in node.decorator_list
    }
    return bool(names & _PROPERTIES)
