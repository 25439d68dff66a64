"""The Python files of the project, parsed, by part (product or tests) and folder."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = {
    "product": (
        "app.py",
        "stacks",
        "lambda",
        "claude_bedrock",
        "local",
        "demo",
        "tools",
        "benchmarks",
    ),
    "tests": ("tests",),
}


@dataclass(frozen=True, eq=False)
class Module:
    """A Python file, with its path relative to the project."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def folder(self) -> str:
        """Return the part of the path that a row of the tables stands for, as `lambda/gateway`."""
        parts = self.path.split("/")
        return "/".join(parts[: 2 if parts[0] == "lambda" else 1])


@cache
def modules(part: str) -> list[Module]:
    """Return the modules of a part of the project, in order of their paths."""
    return [
        Module(path.relative_to(ROOT).as_posix(), path.read_text())
        for name in PARTS[part]
        for path in sorted(_files(ROOT / name))
    ]


def _files(path: Path) -> Iterator[Path]:
    return path.rglob("*.py") if path.is_dir() else iter([path] if path.exists() else [])


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a module, nested ones too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
