"""`claude-bedrock logout`."""

from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.options import one_line_errors
from claude_bedrock.cli.shared.terminal import echo
from claude_bedrock.cli.sign_in import saved
from claude_bedrock.cli.sign_in.errors import ProviderError, SignInRequiredError
from claude_bedrock.cli.sign_in.options import DEFAULT_SIGN_IN, SignInName


def logout(*, sign_in: SignInName = DEFAULT_SIGN_IN) -> None:
    """End a sign-in, and delete its tokens.

    Asks the provider to revoke the refresh token. The last token stays valid at the endpoint
    until it expires.

    Exit codes: 0, or 2 if the provider did not confirm that it revoked the token."""
    with one_line_errors(NOT_ASSESSED):
        try:
            ended = saved.load(sign_in)
        except SignInRequiredError:
            saved.delete(sign_in)
            echo("You were not signed in.", err=True)
            return
        saved.delete(sign_in)
        echo("The tokens are deleted here.", err=True)
        refresh_token = ended.tokens.refresh_token
        if refresh_token is None:
            return
        if ended.revocation_endpoint is None:
            raise ProviderError(
                "The provider offers no revocation: it takes the deleted refresh token until it "
                "ends by itself."
            )
        from claude_bedrock.cli.sign_in import grants  # noqa: PLC0415 - slow to import

        grants.revoke(ended.revocation_endpoint, ended.settings, refresh_token)
