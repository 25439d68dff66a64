"""The redaction of messages: keys, secrets, passwords in URLs."""

import os
import re
from typing import Final

_VARIABLES: Final = (
    *("CLAUDE_BEDROCK_KEY", "AWS_BEARER_TOKEN_BEDROCK"),
    *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
)
_SHORTEST: Final = 8
_KEYS: Final = re.compile(
    r"cobk[A-Za-z0-9]{40,}"  # claude_bedrock/cli/keys/key_format.py
    r"|(?:bedrock-api-key-|ABSK)[A-Za-z0-9+/=]{20,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"  # a JSON Web Token
)
"""Keys and tokens by their look. Bedrock's own:
https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html"""

_USERINFO: Final = re.compile(r"(?<=://)[^/?#\s\"'<>]*@")
_REDACTED: Final = "[redacted]"


def redact(text: str, *secrets: str) -> str:
    """Return the text without these secrets, those of the environment, and what looks like a
    key."""
    values = (*secrets, *(os.environ.get(name, "") for name in _VARIABLES))
    for secret in sorted({value.strip() for value in values}, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, _REDACTED)
    return _USERINFO.sub(f"{_REDACTED}@", _KEYS.sub(_REDACTED, text))
