"""Why a token cannot be had: the user has to sign in, or the provider does not answer."""

from claude_bedrock.cli.shared.errors import FAILED, NOT_ASSESSED, CliError


class SignInRequiredError(CliError):
    """There is no sign-in, or it has ended; the text names the command that signs in."""

    exit_code = FAILED


class ProviderError(CliError):
    """The provider did not answer, or answered with what cannot be used; the text says what."""

    exit_code = NOT_ASSESSED
