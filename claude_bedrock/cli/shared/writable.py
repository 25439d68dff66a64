"""The check that a file can be written, made before the work whose result it holds."""

import os
from pathlib import Path

from claude_bedrock.cli.shared.errors import CliError


class NotWritableError(CliError):
    """Nothing can be written there; the text says why, and what to do."""


def require_writable(folder: Path) -> None:
    """See that files can be made in the folder, or it and its parents made. Makes nothing.

    Raises NotWritableError."""
    there = next(path for path in (folder, *folder.parents, Path()) if path.exists())
    if not there.is_dir():
        raise NotWritableError(
            f"{folder} cannot be created: {there} is a file. Name another folder."
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise NotWritableError(
            f"{folder} cannot be written: no permission to write to {there.absolute()}. "
            "Name another folder."
        )


def require_new_file(file: Path) -> None:
    """See that a file can be made, and is not there yet. Raises NotWritableError."""
    if file.is_dir():
        raise NotWritableError(f"{file} is a folder. Name a file in it.")
    if file.is_file():
        raise NotWritableError(f"{file} exists. Name another file, or delete it first.")
    require_writable(file.parent)


def require_new_folder(folder: Path) -> None:
    """See that a folder can be made, or is empty. Raises NotWritableError."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotWritableError(f"{folder} is not empty. Name another folder with --out.")
    require_writable(folder)
