"""`claude-bedrock whoami`."""

from datetime import UTC, datetime
from typing import Any

from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.options import AsJson, one_line_errors
from claude_bedrock.cli.shared.terminal import echo, echo_json
from claude_bedrock.cli.sign_in import claims, saved
from claude_bedrock.cli.sign_in.options import DEFAULT_SIGN_IN, SignInName

_NAMES = ("email", "preferred_username", "name", "sub")


def whoami(*, sign_in: SignInName = DEFAULT_SIGN_IN, as_json: AsJson = False) -> None:
    """Show who you are signed in as, and until when.

    Reads the saved token, and makes no request.

    Exit codes: 0, or 1 if you are not signed
    in."""
    with one_line_errors(NOT_ASSESSED):
        signed_in = saved.load(sign_in)
    named = claims.read_claims(signed_in.tokens.bearer) or {}
    ends = datetime.fromtimestamp(signed_in.tokens.expires_at, UTC)
    values: dict[str, Any] = {
        **{name: named[name] for name in _NAMES if name in named},
        "issuer": signed_in.settings.issuer,
        "audience": signed_in.settings.audience,
        "client_id": signed_in.settings.client_id,
        "token_ends": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        "refreshes": signed_in.tokens.refresh_token is not None,
        "storage": signed_in.storage,
    }
    if as_json:
        echo_json(values)
        return
    for name, value in values.items():
        echo(f"{name}\t{value}")
