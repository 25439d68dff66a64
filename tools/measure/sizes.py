"""Lengths of modules and functions, and the share of lines that are comments."""

import ast
import io
import tokenize
from collections.abc import Sequence
from typing import NamedTuple

from tools.measure.source import Module, functions


class Sizes(NamedTuple):
    """Lines: the middle value, the ninetieth percentile and the largest."""

    median: int
    p90: int
    largest: int

    def __str__(self) -> str:
        return f"{self.median} / {self.p90} / {self.largest}"


def sizes(lengths: Sequence[int]) -> Sizes:
    """Return the three sizes of lengths by nearest rank; zeros if there are none."""
    ranked = sorted(lengths) or [0]
    return Sizes(*(ranked[int((len(ranked) - 1) * share)] for share in (0.5, 0.9, 1.0)))


def module_lines(module: Module) -> int:
    return len(module.text.splitlines())


def function_lines(module: Module) -> list[int]:
    """Return the lines of each function, from `def` to its end, decorators left out."""
    return [(node.end_lineno or node.lineno) - node.lineno + 1 for node in functions(module)]


def body_lines(module: Module) -> dict[str, int]:
    """Return the lines of each function's body by its name: signature and docstring left out."""
    return {
        node.name: (node.end_lineno or node.lineno) - code[0].lineno + 1
        for node in functions(module)
        if (code := node.body[1 if ast.get_docstring(node) else 0 :])
    }


def stack_lines(module: Module) -> dict[str, int]:
    """Return the lines of each class that is a stack of the CDK, by its name."""
    return {
        node.name: (node.end_lineno or node.lineno) - node.lineno + 1
        for node in module.tree.body
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base) == "cdk.Stack" for base in node.bases)
    }


def comment_lines(module: Module) -> int:
    """Return the lines that hold a comment, also beside code."""
    tokens = tokenize.generate_tokens(io.StringIO(module.text).readline)
    return len({token.start[0] for token in tokens if token.type == tokenize.COMMENT})
