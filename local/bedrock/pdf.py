"""How many pages a PDF has, as far as its objects say without a full parser.

Pages are objects of `/Type /Page`, plain or inside compressed object streams (ISO 32000-1, 7.5.7).
"""

import re
import zlib
from base64 import b64decode
from collections.abc import Iterator

_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_OBJECT_STREAM = re.compile(rb"/ObjStm\b.{0,400}?stream\r?\n(.*?)endstream", re.DOTALL)
_LARGEST_OBJECT_STREAM = 4_000_000


def pages(data: str) -> int:
    """The pages of a PDF in base64; one that shows none counts as one page."""
    try:
        content = b64decode(data)
    except ValueError:  # binascii.Error is one, and so is text that is not ASCII
        return 1
    return max(1, sum(len(_PAGE.findall(part)) for part in _parts(content)))


def _parts(content: bytes) -> Iterator[bytes]:
    yield content
    for packed in _OBJECT_STREAM.findall(content):
        try:
            yield zlib.decompressobj().decompress(packed, _LARGEST_OBJECT_STREAM)
        except zlib.error:
            continue
