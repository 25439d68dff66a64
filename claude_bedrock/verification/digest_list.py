"""A list of digests: what an hour's verdict rests on, a line each, in a file that the hour names
with its SHA-256. So a later reader knows whether what is stored today is what was read.

The file is gzip of JSON Lines. Its last line has the counts.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, NamedTuple, cast

from claude_bedrock.verification.evidence_bucket import BrokenEvidenceError, EvidenceFiles

_END: Final = "end"
_IN_MEMORY: Final = 1 << 20
"""Bytes of a file that are held; a larger one is on disk, of which a function has 512 MB:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html"""
_CHUNK: Final = 1 << 16


class SealedList(NamedTuple):
    """What an hour's evidence says of a list: its key in the bucket and its SHA-256."""

    key: str
    sha256: str

    @classmethod
    def of(cls, named: object) -> "SealedList | None":
        """Return the list that a field of an hour's first entry names; None where it names none."""
        if not isinstance(named, Mapping):
            return None
        return cls(str(named.get("key", "")), str(named.get("sha256", "")))

    def lines(self, evidence: EvidenceFiles) -> Iterator[Mapping[str, Any]]:
        """Yield the lines but the last. Raises BrokenEvidenceError where the file is gone or is
        not what was sealed, and botocore's errors."""
        yield from read_list(evidence.content(self.key), self.sha256, self.key)


class DigestList:
    """Lines are added, then the file is read once; closing it frees its place on the disk."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by close
        self._packed = gzip.GzipFile(fileobj=cast("IO[bytes]", self._file), mode="wb", mtime=0)

    def add(self, fields: Mapping[str, Any]) -> None:
        line = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        self._packed.write(line.encode() + b"\n")

    def finish(self, counts: Mapping[str, int]) -> tuple[IO[bytes], dict[str, Any]]:
        """Return the file, at its beginning, and what the hour says of it beside its name."""
        self.add({"kind": _END, **counts})
        self._packed.close()
        self._file.seek(0)
        digest = hashlib.sha256()
        while chunk := self._file.read(_CHUNK):
            digest.update(chunk)
        self._file.seek(0)
        return cast("IO[bytes]", self._file), {"sha256": digest.hexdigest(), **counts}

    def close(self) -> None:
        self._packed.close()
        self._file.close()


def read_list(content: bytes, sha256: str, key: str) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of a file but the last. Raises BrokenEvidenceError where it is another."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BrokenEvidenceError(f"{key} is not what was sealed")
    try:
        with gzip.open(BytesIO(content)) as lines:
            for line in lines:
                fields = json.loads(line)
                if fields.get("kind") != _END:
                    yield fields
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise BrokenEvidenceError(f"{key} cannot be read") from error
