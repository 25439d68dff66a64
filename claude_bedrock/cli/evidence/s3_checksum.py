"""S3's checksums of an object, computed from a copy of it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

import base64
import hashlib
import zlib
from functools import cache
from typing import Final

_REFLECTED: Final = {"CRC64NVME": (64, 0x9A6C9329AC4BC9B5), "CRC32C": (32, 0x82F63B78)}
"""Bits and polynomial of the CRCs that Python's library lacks, lowest bit first.
https://reveng.sourceforge.io/crc-catalogue/all.htm"""


def matches(content: bytes, checksum: str) -> bool | None:
    """Return whether the content has a checksum, ALGORITHM:VALUE as S3 has it in base64; None where
    the algorithm is not known, or there is no checksum."""
    algorithm, _, value = checksum.partition(":")
    digest = _digest(content, algorithm)
    return None if digest is None else base64.b64encode(digest).decode() == value


def _digest(content: bytes, algorithm: str) -> bytes | None:
    if algorithm in {"SHA256", "SHA1"}:
        return hashlib.new(algorithm, content, usedforsecurity=False).digest()
    if algorithm == "CRC32":
        return zlib.crc32(content).to_bytes(4, "big")
    if algorithm in _REFLECTED:
        bits, polynomial = _REFLECTED[algorithm]
        return _crc(content, bits, polynomial).to_bytes(bits // 8, "big")
    return None


def _crc(content: bytes, bits: int, polynomial: int) -> int:
    table, ones = _table(polynomial), (1 << bits) - 1
    crc = ones
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ ones


@cache
def _table(polynomial: int) -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (polynomial if crc & 1 else 0)
        rows.append(crc)
    return tuple(rows)
