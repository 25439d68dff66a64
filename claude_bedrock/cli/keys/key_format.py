"""What a key's value looks like: its name in front, so that the gateway can tell who called, and a
secret behind it.

A value may be 20 to 128 letters and digits, nothing else:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

import re
import secrets
import string

from claude_bedrock.cli.shared.errors import CliError

_MARK = "cobk"  # by which a scanner for secrets finds a key that leaked
_END_OF_NAME = "Z0"
_ESCAPES = {"Z": "ZZ", ".": "Zd", "-": "Zm", "_": "Zu"}
_LETTERS = string.ascii_letters + string.digits
_SECRET_CHARACTERS = 40  # 238 bits
_LONGEST = 128
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class UnfitNameError(CliError):
    """No key can have that name; the text says why."""


def make(name: str) -> str:
    """Return a new value for a key of that name; lambda/authorizer reads the name out of it.

    Raises UnfitNameError.
    """
    if not _NAME.fullmatch(name):
        raise UnfitNameError(f"Invalid key name {name!r}. Use 1 to 64 letters, digits, _, . and -.")
    written = "".join(_ESCAPES.get(letter, letter) for letter in name)
    secret = "".join(secrets.choice(_LETTERS) for _ in range(_SECRET_CHARACTERS))
    value = f"{_MARK}{written}{_END_OF_NAME}{secret}"
    if len(value) > _LONGEST:
        raise UnfitNameError(
            f"Key name {name!r} is too long: each _, ., - and Z counts twice in the key's value."
        )
    return value
