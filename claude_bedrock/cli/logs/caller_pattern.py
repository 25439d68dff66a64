"""A filter pattern by which CloudWatch Logs itself leaves out records of other callers.

It lets more through than it has to: what it matches may be anywhere in the record, so each record
is compared once more. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html
"""

import re
from typing import Final

_FRAGMENT: Final = re.compile(r"[A-Za-z0-9_.@-]{2,}")
"""Characters that a name has in metadata, in an ARN and in a session's name alike; a single one may
be escaped there. A dot matches itself and more, the others mean themselves in a pattern."""
_LONGEST: Final = 200
"""A letter takes four of the 1,024 characters of a pattern:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"""
_BECOME_ASCII: Final = "İ\u212a"
"""Letters whose lower case has a letter of ASCII, which their record lacks."""


def in_lower_case(name: str) -> str:
    """Return the name in lower case; a letter outside of ASCII stays outside of it."""
    return "".join(letter if letter in _BECOME_ASCII else letter.lower() for letter in name)


def caller_pattern(caller: str) -> str:
    """Return a pattern that matches each record of a caller of whose qualified name, or ARN,
    `caller` is a part, in either case; empty where there is none that surely does."""
    # What stands before the last colon is a kind of caller or an issuer, and no ARN has it so.
    name = caller.rpartition(":")[2]
    if caller.startswith("arn:"):
        name = name.rpartition("/")[2]  # a path is not in a session's ARN
    longest = max(_FRAGMENT.findall(name), key=len, default="")[:_LONGEST]
    return f"%{''.join(map(_in_either_case, longest))}%" if longest else ""


def _in_either_case(character: str) -> str:
    lower, upper = character.lower(), character.upper()
    return f"[{lower}{upper}]" if lower != upper else character
