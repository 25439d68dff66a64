"""Signatures for the tests: one that the local Bedrock issues, and the form of Anthropic's own."""

from base64 import b64encode

from local.bedrock import signatures


def signed(thinking: str) -> str:
    """A signature of the local Bedrock's, issued after some other conversation."""
    return signatures.sign(thinking, b"")


def _field(number: int, value: bytes) -> bytes:
    size = len(value)
    assert size < 1 << 14
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + value


def anthropic_form(thought: bytes = b"\7" * 40) -> str:
    """What Anthropic's own signatures and redacted thinking look like, around nothing."""
    header = b"\x08\x0d\x10\x01\x18\x02" + _field(5, b"\1" * 64)
    inner = _field(1, header) + _field(2, b"\2" * 12) + _field(3, b"\3" * 12)
    encoded = _field(2, inner + _field(4, b"\4" * 48) + _field(5, thought)) + b"\x18\x01"
    return b64encode(encoded).decode()
