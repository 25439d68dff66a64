"""The text of a document: what Claude is given of a file that it cannot look at itself.

Converse reads every format as text, and a PDF with citations as pages:
https://docs.claude.com/en/docs/build-with-claude/pdf-support. Word and Excel files of the older
formats are searched for readable letters, without regard to their structure.
"""

import re
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from local.bedrock.errors import invalid

_WORDS_IN = {"docx": re.compile(r"word/document\.xml"), "xlsx": re.compile(r"xl/.+\.xml")}
_LEGACY = ("doc", "xls")
_TAG = re.compile(r"<[^>]*>")
_READABLE = re.compile(rb"[\x20-\x7e\t\r\n]{4,}")
_LARGEST_PART = 50_000_000


def text_of(content: bytes, kind: str, where: str) -> str:
    """Return the text of a file of this format (any but PDF); raise RefusedError for a broken
    file."""
    if kind in _WORDS_IN:
        return _zipped_text(content, _WORDS_IN[kind], where)
    if kind in _LEGACY:
        return b"\n".join(_READABLE.findall(content)).decode("ascii")
    return content.decode("utf-8", "replace")


def _zipped_text(content: bytes, pattern: re.Pattern[str], where: str) -> str:
    try:
        with ZipFile(BytesIO(content)) as packed:
            names = sorted(name for name in packed.namelist() if pattern.fullmatch(name))
            if sum(packed.getinfo(name).file_size for name in names) > _LARGEST_PART:
                raise invalid(f"The document at {where} is too large.")
            parts = [packed.read(name).decode("utf-8", "replace") for name in names]
    except (BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as broken:
        raise invalid(f"The document at {where} could not be read.") from broken
    return " ".join(" ".join(_TAG.sub(" ", part).split()) for part in parts)
