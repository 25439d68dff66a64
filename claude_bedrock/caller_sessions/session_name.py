"""A caller's name as AWS STS takes it, and back: session name, source identity and tag alike.

What STS takes of a session name (`[\\w+=,.@-]{2,64}`) and of a tag's value has no comma in common,
so a comma is escaped too. Everything else outside of ASCII letters, digits and `_ + . @ -` is
`=XX`, two hexadecimal digits for each byte of UTF-8. A name that is too long is cut, and ends in
`==` and 24 digits of its SHA-256, so that two long names stay two.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html
"""

import re
from functools import lru_cache
from hashlib import sha256
from typing import Final

LONGEST: Final = 64  # characters
SHORTEST: Final = 2

_ESCAPED: Final = "[^a-zA-Z0-9_+.@-]"
_HASH_MARK: Final = "=="
_HASH_DIGITS: Final = 24
_CUT: Final = LONGEST - len(_HASH_MARK) - _HASH_DIGITS
_RUN_OF_ESCAPES: Final = "(?:=[0-9A-F]{2})+"


@lru_cache(maxsize=1024)
def session_name(caller: str) -> str:
    """Return the name of the caller's session, of 2 to 64 characters. Raises ValueError for an
    empty name, which would be nobody's."""
    if not caller:
        raise ValueError("a caller without a name has no session")
    escaped = re.sub(_ESCAPED, _escape, caller)
    if len(escaped) < SHORTEST:
        return f"={ord(escaped):02X}"
    if len(escaped) <= LONGEST:
        return escaped
    digits = sha256(caller.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    return f"{_beginning(caller)}{_HASH_MARK}{digits}"


def caller_name(name: str) -> str:
    """Return whose session has this name; the name as it is, where only its beginning is known (it
    holds `==`), or where the gateway gave it to nobody."""
    if _HASH_MARK in name:
        return name
    try:
        caller = re.sub(_RUN_OF_ESCAPES, _unescape, name)
        return caller if session_name(caller) == name else name
    except ValueError:
        return name


def _beginning(caller: str) -> str:
    """Return as many whole characters of the name, escaped, as have room before a hash."""
    escaped = ""
    for character in caller:
        longer = escaped + re.sub(_ESCAPED, _escape, character)
        if len(longer) > _CUT:
            break
        escaped = longer
    return escaped


def _escape(character: re.Match[str]) -> str:
    encoded = character[0].encode("utf-8", "surrogatepass")
    return "".join(f"={byte:02X}" for byte in encoded)


def _unescape(run: re.Match[str]) -> str:
    return bytes.fromhex(run[0].replace("=", "")).decode("utf-8", "surrogatepass")
