"""Server-sent events as Claude's Messages API frames them.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

CONTENT_TYPE = "text/event-stream; charset=utf-8"
PING = b'event: ping\ndata: {"type": "ping"}\n\n'


def event(name: bytes, data: bytes) -> bytes:
    """Return one event; `data` is JSON on one line."""
    return b"event: %b\ndata: %b\n\n" % (name, data)
