"""S3's metadata of an object, without its content."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self

_CHECKSUMS: Final = ("SHA256", "CRC64NVME", "SHA1", "CRC32C", "CRC32")


class ObjectStat(NamedTuple):
    """Of one version of an object. `checksum` is of its bytes, ALGORITHM:VALUE, and empty where S3
    has none of the whole object: it computes CRC64NVME where the writer sent none.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html"""

    size: int
    etag: str
    version: str = ""
    checksum: str = ""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the metadata in an answer of HeadObject with ChecksumMode."""
        return cls(
            size=answer["ContentLength"],
            etag=answer["ETag"],
            version=version_of(answer),
            checksum=_checksum(answer),
        )


def version_of(answer: Mapping[str, Any]) -> str:
    """Return the version in an answer of GetObject or HeadObject; empty in a bucket without
    versions, where S3 says `null`."""
    version = answer.get("VersionId", "null")
    return "" if version == "null" else str(version)


def _checksum(answer: Mapping[str, Any]) -> str:
    if answer.get("ChecksumType") == "COMPOSITE":  # of the parts of an upload
        return ""
    known = ((name, answer.get(f"Checksum{name}")) for name in _CHECKSUMS)
    return next((f"{name}:{value}" for name, value in known if value), "")
