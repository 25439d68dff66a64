"""A digest of an object in S3, by which it is known again: its version, size, ETag, hash."""

import hashlib
from typing import IO, Final, NamedTuple

_CHUNK: Final = 1 << 16


class ObjectDigest(NamedTuple):
    """Of one object of records. `path` is `s3://BUCKET/KEY`; `begun_at`, in seconds since 1970, is
    when its first record may have been written; `sha256` is of its bytes as S3 keeps them, in
    hexadecimal. `version` is empty in a bucket without versions."""

    path: str
    begun_at: float
    size: int
    etag: str
    version: str
    sha256: str


class HashingReader:
    """Hands on what it reads, and hashes it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._source.read(size)
        self._hash.update(content)
        return content

    def finish(self) -> str:
        """Return the SHA-256 of the complete object, however much of it was read."""
        while self.read(_CHUNK):
            pass
        return self._hash.hexdigest()
