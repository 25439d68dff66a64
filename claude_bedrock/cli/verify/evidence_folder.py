"""The evidence files of a stage: one for each run, each beginning where the one before ended."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from claude_bedrock.cli.shared.errors import FAILED, CliError
from claude_bedrock.cli.shared.writable import require_writable
from claude_bedrock.verification import hash_chain
from claude_bedrock.verification.hash_chain import BrokenChainError


class EvidenceError(CliError):
    """Evidence cannot be read or written; the text says which."""


class Written(NamedTuple):
    """A file of evidence and its last hash; `error` says why there is none, where it was to be."""

    file: Path
    sha256: str
    is_saved: bool = True
    error: str = ""


class Evidence:
    """In `folder`, of a stage in a Region; with `keep=False` none is written."""

    def __init__(self, folder: Path, stage: str, region: str, *, saves: bool = True) -> None:
        self._folder = folder
        self._name = f"verify-{stage}-{region}"
        self._saves = saves

    def last_hash(self) -> str:
        """Return the last hash of the newest file. Raises EvidenceError where it does not hold,
        and NotWritableError where the next one could not be written, before there is anything to
        lose."""
        if not self._saves:
            return hash_chain.BEGINNING
        require_writable(self._folder)
        pattern = re.compile(re.escape(self._name) + r"-\d{8}T\d{12}Z\.jsonl")
        files = sorted(path for path in self._folder.glob("*") if pattern.fullmatch(path.name))
        return checked([files[-1]]) if files else hash_chain.BEGINNING

    def write(self, at: datetime, entries: Iterable[Mapping[str, Any]], previous: str) -> Written:
        """Write a new file, read it again, and return what became of it. A file that cannot be
        written is an error in the answer, since its content is still to be shown. Raises
        EvidenceError."""
        file = self._folder / f"{self._name}-{at:%Y%m%dT%H%M%S%f}Z.jsonl"
        if not self._saves:
            return Written(file, "", is_saved=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as to:
                to.writelines(hash_chain.chained(entries, previous))
        except OSError as error:
            reason = f"{file} cannot be written: {error.strerror}"
            return Written(file, "", is_saved=False, error=reason)
        return Written(file, checked([file]))


def checked(files: Iterable[Path]) -> str:
    """Return the last hash of files that follow each other in this order.

    Raises EvidenceError for a file that cannot be read, BrokenEvidenceError at the first entry that
    does not hold."""
    previous: str | None = None
    for file in files:
        try:
            with file.open("rb") as lines:
                previous = hash_chain.check(lines, previous)
        except OSError as error:
            raise EvidenceError(f"{file} cannot be read: {error.strerror}") from error
        except BrokenChainError as broken:
            raise BrokenEvidenceError(f"{file}, {broken}") from broken
    if previous is None:
        raise EvidenceError("Name at least one evidence file.")
    return previous


class BrokenEvidenceError(EvidenceError):
    """A file is not what was written; the text names it and the entry."""

    exit_code = FAILED
