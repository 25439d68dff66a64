"""The format of a key's value: its name and plan in front, so that the gateway can tell who called
and within which limits, and a secret behind them.

A value may be 20 to 128 letters and digits, nothing else:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

import re
import secrets
import string

from claude_bedrock.cli.shared.errors import CliError

_MARK = "cobk"  # by which a scanner for secrets finds a key that leaked
_PLAN = "Zp"
_END_OF_NAME = "Z0"
_ESCAPES = {"Z": "ZZ", ".": "Zd", "-": "Zm", "_": "Zu"}
_LETTERS = string.ascii_letters + string.digits
_SECRET_CHARACTERS = 40  # 238 bits
_LONGEST = 128
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
DEFAULT_PLAN = "default"
"""The plan of a key whose value names none."""


class UnfitNameError(CliError):
    """No key can have that name; the text says why."""


def make(name: str, plan: str = DEFAULT_PLAN) -> str:
    """Return a new value for a key of that name and plan, which lambda/authorizer reads out of it.

    Raises UnfitNameError.
    """
    if not _NAME.fullmatch(name):
        raise UnfitNameError(f"Invalid key name {name!r}. Use 1 to 64 letters, digits, _, . and -.")
    in_plan = "" if plan == DEFAULT_PLAN else f"{_PLAN}{_written(plan)}"
    secret = "".join(secrets.choice(_LETTERS) for _ in range(_SECRET_CHARACTERS))
    value = f"{_MARK}{_written(name)}{in_plan}{_END_OF_NAME}{secret}"
    if len(value) > _LONGEST:
        beside = f" beside plan {plan!r}" if in_plan else ""
        raise UnfitNameError(
            f"Key name {name!r} is too long{beside}: each _, ., - and Z counts twice in the key's "
            f"value."
        )
    return value


def _written(name: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in name)
