"""Images and PDFs: whether the model could open them, as far as their form says.

Limits: https://platform.claude.com/docs/en/build-with-claude/vision and
https://platform.claude.com/docs/en/build-with-claude/pdf-support; how many fit into a request is
told differently for models of a longer window (600), and 100 is the stricter.
"""

from base64 import b64decode
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from logging import CRITICAL, getLogger
from typing import Final, NamedTuple
from warnings import catch_warnings, simplefilter

from local.bedrock import message_order
from local.bedrock.blocks import Base64Pdf, ContentSource, Document, Image, ToolResult
from local.bedrock.errors import invalid
from local.bedrock.schema import Request

LARGEST_IMAGE_BYTES: Final = 5 * 1024 * 1024
"""Of the base64 text."""
LONGEST_SIDE: Final = 8_000
LONGEST_SIDE_OF_MANY: Final = 2_000
MANY: Final = 20
MOST_MEDIA: Final = 100
getLogger("pypdf").setLevel(CRITICAL)
_NO_IMAGE: Final = "Could not process image"


class Picture(NamedTuple):
    """What the head of an image file says."""

    media_type: str
    width: int
    height: int


class Pdf(NamedTuple):
    pages: int
    is_encrypted: bool


def check(request: Request, *, is_converse: bool) -> None:
    """Raise RefusedError for the first image or PDF that the model could not open, and for more of
    them than it takes."""
    media = list(_media(request))
    images = [(where, item) for where, item in media if isinstance(item, Image)]
    pages = 0
    for where, item in media:
        if isinstance(item, Image):
            _check_image(where, item, is_one_of_many=len(images) > MANY)
        elif isinstance(item.source, Base64Pdf):
            pages += _checked_pages(where, item.source.data, is_converse)
    if pages + len(images) > MOST_MEDIA:
        raise invalid(
            f"Too much media: {pages} document pages + {len(images)} images > {MOST_MEDIA}"
        )


def pages(data: str) -> int:
    """Return the pages of a PDF in base64; one that cannot be opened counts as one page."""
    opened = _pdf(data)
    return opened.pages if opened else 1


def _media(request: Request) -> Iterator[tuple[str, Image | Document]]:
    """Images and documents at any depth, with the place of the block that has them."""
    for position, message in enumerate(request.messages):
        for index, block in enumerate(message_order.blocks_of(message)):
            where = f"messages.{position}.content.{index}"
            if isinstance(block, ToolResult):
                inside = block.content if isinstance(block.content, list) else []
                for inner, nested in enumerate(inside):
                    yield from _in_block(f"{where}.tool_result.content.{inner}", nested)
            else:
                yield from _in_block(where, block)


def _in_block(where: str, block: object) -> Iterator[tuple[str, Image | Document]]:
    if isinstance(block, Image | Document):
        yield where, block
    if isinstance(block, Document) and isinstance(block.source, ContentSource):
        inside = block.source.content if isinstance(block.source.content, list) else []
        for inner, nested in enumerate(inside):
            yield from _in_block(f"{where}.document.source.content.{inner}", nested)


def _check_image(where: str, image: Image, *, is_one_of_many: bool) -> None:
    data = image.source.data
    if len(data) > LARGEST_IMAGE_BYTES:
        raise invalid(
            f"{where}.image.source.base64: image exceeds 5 MB maximum: {len(data)} bytes > "
            f"{LARGEST_IMAGE_BYTES} bytes"
        )
    opened = _picture(data)
    if opened is None:
        raise invalid(_NO_IMAGE)
    if opened.media_type and opened.media_type != image.source.media_type:
        raise invalid(
            f"{where}.image.source.base64.data: The image was specified using the "
            f"{image.source.media_type} media type, but the image appears to be a "
            f"{opened.media_type} image"
        )
    longest = max(opened.width, opened.height)
    if longest > LONGEST_SIDE or (is_one_of_many and longest > LONGEST_SIDE_OF_MANY):
        kind = " for many-image requests" if longest <= LONGEST_SIDE else ""
        most = LONGEST_SIDE if longest > LONGEST_SIDE else LONGEST_SIDE_OF_MANY
        raise invalid(
            f"{where}.image.source.base64.data: At least one of the image dimensions exceed max "
            f"allowed size{kind}: {most} pixels"
        )


def _checked_pages(where: str, data: str, is_converse: bool) -> int:
    opened = _pdf(data)
    path = f"{where}.pdf.source.base64.data"
    if opened is None and is_converse:
        raise invalid(
            f"{where}.source.bytes: The document source bytes could not be parsed as the specified "
            "format. If using a text-based format, try source.text instead of source.bytes."
        )
    if opened is None:
        raise invalid(f"{path}: The PDF specified was not valid.")
    if opened.is_encrypted:
        raise invalid(f"{path}: The PDF specified is password protected.")
    if opened.pages > MOST_MEDIA:
        raise invalid(f"{path}: A maximum of {MOST_MEDIA} PDF pages may be provided.")
    return opened.pages


_FORMATS: Final = ("GIF", "JPEG", "PNG", "WEBP")


@lru_cache(maxsize=64)
def _picture(data: str) -> Picture | None:
    # Imported where they are needed: few requests have images, and no command's help does.
    from PIL import Image as Pillow  # noqa: PLC0415

    try:
        with catch_warnings():
            simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(BytesIO(b64decode(data, validate=True)), formats=_FORMATS) as opened:
                opened.verify()
                return Picture(Pillow.MIME[opened.format or ""], *opened.size)
    except Pillow.DecompressionBombError:
        return Picture("", LONGEST_SIDE + 1, LONGEST_SIDE + 1)
    except (OSError, SyntaxError, ValueError, KeyError):
        return None


@lru_cache(maxsize=64)
def _pdf(data: str) -> Pdf | None:
    from pypdf import PdfReader  # noqa: PLC0415

    try:
        reader = PdfReader(BytesIO(b64decode(data, validate=True)))
        if reader.is_encrypted:
            return Pdf(1, is_encrypted=True)
        return Pdf(len(reader.pages), is_encrypted=False)
    except Exception:  # noqa: BLE001 - what a parser meets in a broken file is of any kind
        return None
