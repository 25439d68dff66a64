"""Images and PDFs for the tests, made by the libraries that the local Bedrock reads them with."""

from base64 import b64encode
from functools import cache
from io import BytesIO

from PIL import Image
from pypdf import PdfWriter


@cache
def image(kind: str = "PNG", width: int = 1, height: int = 1) -> bytes:
    """A black image of one of Pillow's formats."""
    made = BytesIO()
    Image.new("1" if kind == "PNG" else "L", (width, height)).save(made, kind)
    return made.getvalue()


@cache
def pdf(pages: int = 1, password: str | None = None) -> bytes:
    """A document of blank pages."""
    writer, made = PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(72, 72)
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(made)
    return made.getvalue()


def text(content: bytes) -> str:
    """It in base64."""
    return b64encode(content).decode()
