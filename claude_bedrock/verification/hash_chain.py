"""The form of evidence: JSON Lines, each entry with its own SHA-256 and that of the one before.

A change of any byte is seen, and an entry that was taken away or added. A file that was made anew
as a whole is seen by the one after it, which begins with the old one's last hash.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

BEGINNING = "0" * 64
_LAST = "end"


class BrokenChainError(Exception):
    """`entry` is the number of the first entry that does not hold, from 1."""

    def __init__(self, entry: int, why: str) -> None:
        self.entry = entry
        super().__init__(f"entry {entry}: {why}")


def chained(entries: Iterable[Mapping[str, Any]], previous: str = BEGINNING) -> Iterator[bytes]:
    """Yield the lines of a file, and after the last entry one that ends it; `previous` is the last
    hash of the file before."""
    number = 0
    for number, entry in enumerate(entries, 1):
        line, previous = _sealed(entry, number, previous)
        yield line
    yield _sealed({"kind": _LAST, "entries": number + 1}, number + 1, previous)[0]


def check(lines: Iterable[bytes], previous: str | None = None) -> str:
    """Return the last hash of a file, whose first entry has to follow `previous` unless that is
    None.

    Raises BrokenChainError."""
    number, kind = 0, ""
    for number, line in enumerate(lines, 1):
        if kind == _LAST:
            raise BrokenChainError(number, "it stands after the end")
        entry = _read(number, line)
        if previous is not None and entry["previous"] != previous:
            raise BrokenChainError(number, "it does not follow the entry before it")
        previous, kind = entry["sha256"], str(entry.get("kind"))
    if kind != _LAST or previous is None:
        raise BrokenChainError(number + 1, "it is missing: the file has no end")
    return previous


def _sealed(entry: Mapping[str, Any], number: int, previous: str) -> tuple[bytes, str]:
    content = {**entry, "entry": number, "previous": previous}
    digest = _digest(content)
    return _line({**content, "sha256": digest}), digest


def _read(number: int, line: bytes) -> dict[str, Any]:
    """Return the content of a line. Raises BrokenChainError for a line that is not, byte for byte,
    what was sealed."""
    try:
        entry = json.loads(line)
        content = {name: value for name, value in entry.items() if name != "sha256"}
        valid = _line(entry) == line and _digest(content) == entry["sha256"]
        valid = valid and content["entry"] == number and "previous" in content
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        valid = False
    if not valid:
        raise BrokenChainError(number, "it is not what was written")
    return dict(entry)


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_line(content)).hexdigest()


def _line(content: Mapping[str, Any]) -> bytes:
    """Return the content as canonical JSON in ASCII, so that equal contents have equal bytes."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode() + b"\n"
