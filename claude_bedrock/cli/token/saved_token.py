"""`claude-bedrock token` where the token is saved and fresh: without the command line's modules.

What is not as simple as that, errors and help among it, is the command's."""

import sys
import time
from collections.abc import Sequence

from claude_bedrock.cli.sign_in import saved, web_identity
from claude_bedrock.cli.sign_in.errors import SignInRequiredError
from claude_bedrock.cli.sign_in.saved import DEFAULT_NAME, Tokens


def print_token(arguments: Sequence[str]) -> bool:
    """Print the token that these arguments of the command ask for, if a saved one does. Return
    whether it was printed."""
    try:
        tokens = _saved(arguments)
    except (SignInRequiredError, OSError):
        return False
    if tokens is None or not tokens.is_fresh(time.time()):
        return False
    sys.stdout.write(f"{tokens.bearer}\n")
    return True


def _saved(arguments: Sequence[str]) -> Tokens | None:
    """Return the saved token; None where there is none, or the arguments ask for something else.
    Raises SignInRequiredError, OSError."""
    match arguments:
        case []:
            return saved.load(DEFAULT_NAME).tokens
        case ["--sign-in", name] if saved.is_name(name):
            return saved.load(name).tokens
        case ["--aws", "--audience", audience] if audience.strip():
            return web_identity.cached(audience, None)
    return None
