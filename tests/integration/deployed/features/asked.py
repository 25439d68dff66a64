"""What the tests of features ask with: turns in both shapes, an image, a PDF."""

import struct
import zlib
from base64 import b64encode
from typing import Any

Json = dict[str, Any]
HAIKU = "claude-haiku-4-5"
SCHEMA: Json = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def said(content: str | list[Json], **fields: Any) -> Json:  # noqa: ANN401
    """A request to Haiku with one user turn in Anthropic's shape, and `fields` over it."""
    turn = {"role": "user", "content": content}
    return {"model": HAIKU, "max_tokens": 3000, "messages": [turn], **fields}


def conversed(*content: Json, **fields: Any) -> Json:  # noqa: ANN401
    """The same in Converse's shape."""
    return {"modelId": HAIKU, "messages": [{"role": "user", "content": list(content)}], **fields}


def text_of(answer: Json) -> str:
    """What a Converse answer says."""
    blocks = answer["output"]["message"]["content"]
    return "".join(block.get("text", "") for block in blocks)


def png() -> bytes:
    """One red pixel."""
    pixel = zlib.compress(b"\0\xff\0\0")
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixel), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def pdf(pages: int) -> bytes:
    """A document of empty pages."""
    kids = " ".join(f"{number} 0 R" for number in range(3, 3 + pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        *["<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] >>"] * pages,
    ]
    body = "".join(f"{number} 0 obj {text} endobj\n" for number, text in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}trailer << /Root 1 0 R >>\n%%EOF".encode()


def base64(media_type: str, data: bytes) -> Json:
    return {"type": "base64", "media_type": media_type, "data": b64encode(data).decode()}
