"""A copy of the function whose catalog has more models: its own rows again, under other names."""

from __future__ import annotations

import ast
import copy
import itertools
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from claude_bedrock import catalog

_MODELS, _ABILITIES = "NEWER_MODELS", "_ROWS"
_SPELLINGS = ("name", "base_id", "aliases")


class NoRowsError(Exception):
    """The catalog is not written as it was: this module has to learn how it is."""


class _Copy(NamedTuple):
    of: str
    name: str
    row: str


def grown(function: Path, models: int, into: Path) -> Sequence[str]:
    """Copy the folder `function`, with `models` in its catalog. The names that were added."""
    shutil.copytree(function, into)
    source = into / "claude_bedrock" / "catalog" / "newer_models.py"
    added = list(itertools.islice(_copies(source), models - len(catalog.MODELS)))
    _append(source, f"{_MODELS} = (*{_MODELS}, {', '.join(copy.row for copy in added)})")
    abilities = ", ".join(f"{copy.name!r}: {_ABILITIES}[{copy.of!r}]" for copy in added)
    _append(source.with_name("capabilities.py"), f"{_ABILITIES} = {{**{_ABILITIES}, {abilities}}}")
    _compile(source.parent)
    return [copy.name for copy in added]


def _copies(source: Path) -> Iterator[_Copy]:
    """Of the rows that `global` reaches and whose name is written out, again and again."""
    rows = [candidate for candidate in _rows(source) if _reached(_value(candidate, "name"))]
    for number in itertools.count():
        row = rows[number % len(rows)]
        renamed = _renamed(row, f"-copy-{number}")
        yield _Copy(_value(row, "name"), _value(renamed, "name"), ast.unparse(renamed))


def _rows(source: Path) -> Sequence[ast.Call]:
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == _MODELS:
            calls = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
            return [call for call in calls if ast.unparse(call.func) == "Model"]
    raise NoRowsError(f"no {_MODELS} in {source.name}")


def _reached(name: str) -> bool:
    model = catalog.find(name)
    return model is not None and "global" in catalog.routes(model)


def _renamed(row: ast.Call, ending: str) -> ast.Call:
    renamed = copy.deepcopy(row)
    for keyword in renamed.keywords:
        if keyword.arg in _SPELLINGS:
            for node in ast.walk(keyword.value):
                if isinstance(node, ast.Constant):
                    node.value = f"{node.value!s}{ending}"
    return renamed


def _value(row: ast.Call, name: str) -> str:
    (value,) = [keyword.value for keyword in row.keywords if keyword.arg == name]
    return str(value.value) if isinstance(value, ast.Constant) else ""


def _append(source: Path, line: str) -> None:
    source.write_text(f"{source.read_text()}\n{line}\n")


def _compile(folder: Path) -> None:
    command = [sys.executable, "-P", "-m", "compileall", "-q", "-f"]
    subprocess.run([*command, "--invalidation-mode", "unchecked-hash", folder], check=True)
