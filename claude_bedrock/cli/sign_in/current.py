"""The token of a sign-in that is good now: the saved one, or a new one by the refresh token."""

import time

from claude_bedrock.cli.sign_in import private_file, saved
from claude_bedrock.cli.sign_in.errors import ProviderError, SignInRequiredError
from claude_bedrock.cli.sign_in.saved import SignIn


def bearer(name: str) -> str:
    """Return the token. One process at a time refreshes it. Where that fails, the saved token does
    for as long as it is valid.

    Raises SignInRequiredError, ProviderError."""
    sign_in = saved.load(name)
    if sign_in.tokens.is_fresh(time.time()):
        return sign_in.tokens.bearer
    with private_file.lock(saved.file_of(name)):
        sign_in = saved.load(name)  # another process may have refreshed it meanwhile
        if sign_in.tokens.is_fresh(time.time()):
            return sign_in.tokens.bearer
        try:
            return _refreshed(name, sign_in).tokens.bearer
        except (SignInRequiredError, ProviderError):
            if time.time() < sign_in.tokens.expires_at:
                return sign_in.tokens.bearer
            raise


def _refreshed(name: str, sign_in: SignIn) -> SignIn:
    again = f"Run {saved.login_command(name)}."
    if sign_in.tokens.refresh_token is None:
        raise SignInRequiredError(
            f"Your token has ended, and the provider gave no refresh token. {again}"
        )
    from claude_bedrock.cli.sign_in import grants  # noqa: PLC0415 - not for a token that is saved

    try:
        tokens = grants.by_refresh_token(
            sign_in.token_endpoint, sign_in.settings, sign_in.tokens.refresh_token
        )
    except SignInRequiredError as ended:
        raise SignInRequiredError(f"Your sign-in has ended: {ended} {again}") from ended
    return saved.save(name, sign_in._replace(tokens=tokens))
