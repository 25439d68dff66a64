"""Files of evidence beside the hours, each of which the next file of hours names with its last
hash: accepted findings, and legal holds."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from claude_bedrock.verification.digest_list import SealedList
from claude_bedrock.verification.evidence_bucket import (
    DISPOSITIONS,
    HOLDS,
    BrokenEvidenceError,
    EvidenceFiles,
    SealedFile,
)

FOLDERS: Final = {DISPOSITIONS: "disposition", HOLDS: "hold"}
"""Where they are in the bucket -> the kind of the entry that names one."""


class LinkedFiles(NamedTuple):
    """The keys of the linked files that hold, and what is wrong with the others."""

    keys: frozenset[str]
    broken: tuple[str, ...]


def kind_of(key: str) -> str:
    """Return the kind of entry that names a file of this key; empty where none does."""
    return next((kind for folder, kind in FOLDERS.items() if key.startswith(folder)), "")


def links_of(file: SealedFile) -> Iterator[tuple[str, str]]:
    """Yield the key and the last hash of each file that a file of hours names."""
    for entry in file.entries:
        key = str(entry.get("key", ""))
        if entry.get("kind") in FOLDERS.values() and kind_of(key) == entry["kind"]:
            yield key, str(entry.get("sealed_sha256", ""))


def lists_of(entries: Iterable[Mapping[str, Any]]) -> Iterator[SealedList]:
    """Yield the lists of object versions that the entries of a linked file name."""
    for entry in entries:
        named = SealedList.of(entry.get("list"))
        if named is not None:
            yield named


def check_linked(evidence: EvidenceFiles, files: Iterable[SealedFile]) -> LinkedFiles:
    """Return which of the files that these hours name are what was sealed. Raises botocore's
    errors."""
    keys, broken = set(), []
    for key, sealed in (link for file in files for link in links_of(file)):
        try:
            sha256, entries = evidence.entries(key)
            for named in lists_of(entries):
                for _ in named.lines(evidence):
                    pass
        except BrokenEvidenceError as error:
            broken.append(str(error))
            continue
        if sha256 == sealed:
            keys.add(key)
        else:
            broken.append(f"{key} was sealed with {sealed}, and has {sha256}")
    return LinkedFiles(frozenset(keys), tuple(broken))
