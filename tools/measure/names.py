"""The names that a module defines: modules, classes, functions, parameters and variables."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import PurePath

from tools.measure.source import Module
from tools.measure.words import home_made

_UNNAMED = {"_", "self", "cls", "__init__", "__main__", "conftest"}
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_Scope = tuple[str, ...]


@cache
def defined(module: Module) -> list[str]:
    """Return each name once per scope that defines it."""
    path = PurePath(module.path)
    own = path.parent.name if path.stem == "__init__" else path.stem
    names = {((), own), *_below(module.tree)}
    return sorted(name for _, name in names if name not in _UNNAMED)


@cache
def home_made_names(module: Module) -> list[tuple[str, list[str]]]:
    """Return the names of a module that hold home-made words, each with those words."""
    judged = ((name, home_made(name, module.path)) for name in defined(module))
    return [(name, words) for name, words in judged if words]


def _below(module: ast.AST) -> Iterator[tuple[_Scope, str]]:
    """Yield every name under a node with the names of the classes and functions around it."""
    waiting: list[tuple[ast.AST, _Scope]] = [(module, ("",))]
    while waiting:
        node, scope = waiting.pop()
        for child in ast.iter_child_nodes(node):
            yield from ((scope, name) for name in _names(child))
            waiting.append((child, (*scope, child.name) if isinstance(child, _SCOPES) else scope))


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.arg(arg=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.alias(asname=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
