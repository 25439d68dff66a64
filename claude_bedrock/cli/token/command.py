"""`claude-bedrock token`."""

from typing import Annotated

import typer

from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.options import Region, not_empty, one_line_errors
from claude_bedrock.cli.shared.terminal import echo
from claude_bedrock.cli.sign_in import current, web_identity
from claude_bedrock.cli.sign_in.options import DEFAULT_SIGN_IN, SignInName


def token(
    *,
    sign_in: SignInName = DEFAULT_SIGN_IN,
    aws: Annotated[
        bool,
        typer.Option(
            "--aws", help="Print a token that AWS signs for your AWS credentials; needs --audience."
        ),
    ] = False,
    github: Annotated[
        bool,
        typer.Option("--github", help="Print a token of the GitHub Actions job; needs --audience."),
    ] = False,
    audience: Annotated[
        str | None,
        typer.Option(
            help="The audience of the stage's token issuer, with --aws or --github.",
            callback=not_empty,
        ),
    ] = None,
    region: Region = None,
) -> None:
    """Print a token for the endpoint, for a client's credential helper.

    Prints nothing else to standard output.

    Exit codes: 0, 1 if you have to sign in, 2 if the
    issuer gave no token."""
    _check(aws=aws, github=github, audience=audience, region=region)
    with one_line_errors(NOT_ASSESSED):
        if aws:
            value = web_identity.of_aws(audience or "", region)
        elif github:
            value = web_identity.of_github(audience or "")
        else:
            value = current.bearer(sign_in)
        echo(value)


def _check(*, aws: bool, github: bool, audience: str | None, region: str | None) -> None:
    if aws and github:
        raise typer.BadParameter("--aws and --github cannot be combined.")
    if (aws or github) and not audience:
        raise typer.BadParameter("--aws and --github need --audience, that of the token issuer.")
    if audience and not (aws or github):
        raise typer.BadParameter("--audience needs --aws or --github: a sign-in has its own.")
    if region and not aws:
        raise typer.BadParameter("--region needs --aws.")
