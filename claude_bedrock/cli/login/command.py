"""`claude-bedrock login`."""

import webbrowser
from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from claude_bedrock.cli.login.choose_settings import Given, choose
from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.options import Stage, not_empty, one_line_errors
from claude_bedrock.cli.shared.terminal import echo
from claude_bedrock.cli.sign_in import saved
from claude_bedrock.cli.sign_in.options import DEFAULT_SIGN_IN, SignInName


def login(
    *,
    issuer: Annotated[
        str | None, typer.Option(help="The identity provider's issuer URL.", callback=not_empty)
    ] = None,
    client_id: Annotated[
        str | None,
        typer.Option(
            help="The id of the public client that the provider has for this command.",
            callback=not_empty,
        ),
    ] = None,
    client_secret: Annotated[
        str | None,
        typer.Option(
            help="The client's secret, where the provider gives native clients one, as Google "
            "does. It is saved with the sign-in.",
            callback=not_empty,
        ),
    ] = None,
    audience: Annotated[
        str | None,
        typer.Option(
            help="The audience that the stage's token issuer names.",
            callback=not_empty,
            show_default="the client id",
        ),
    ] = None,
    token_issuer: Annotated[
        str | None,
        typer.Option(
            help="Take issuer and audience from this one of the stage's token_issuers in the "
            "cdk.json here; needs --stage.",
            callback=not_empty,
        ),
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option(
            help="The scopes to ask for.",
            callback=not_empty,
            show_default="openid profile email offline_access, as far as the provider lists them",
        ),
    ] = None,
    resource: Annotated[
        str | None,
        typer.Option(
            help="The resource parameter, for a provider that issues tokens by it (RFC 8707).",
            callback=not_empty,
        ),
    ] = None,
    prompt: Annotated[
        str | None,
        typer.Option(
            help="The prompt parameter, such as consent or select_account.", callback=not_empty
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="The redirect's port on 127.0.0.1, for a provider that wants it registered.",
            min=0,
            max=65535,
            show_default="any free one",
        ),
    ] = None,
    device: Annotated[
        bool, typer.Option("--device", help="Sign in on another device, by a code.")
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the URL instead of opening it.")
    ] = False,
    sign_in: SignInName = DEFAULT_SIGN_IN,
    stage: Stage = None,
) -> None:
    """Sign in at your identity provider.

    `claude-bedrock token` then prints a token. Without options: sign in again as before.

    Exit code: 0, 1 if you were not signed in, or 2 if the provider did not answer."""
    arguments = Given(
        issuer,
        client_id,
        audience,
        token_issuer,
        stage,
        scope,
        resource,
        prompt,
        port,
        client_secret,
    )
    with one_line_errors(NOT_ASSESSED):
        settings = choose(arguments, saved.load_settings(sign_in))
        from claude_bedrock.cli.sign_in import grants, provider  # noqa: PLC0415 - slow to import

        found = provider.discover(settings.issuer)
        settings = settings._replace(scope=settings.scope or found.default_scope())
        if device:
            tokens = grants.by_device(found, settings, _show_code)
        else:
            tokens = grants.by_browser(found, settings, _show_url(opens=not no_browser))
        made = saved.SignIn(
            settings, found.token_endpoint, found.revocation_endpoint, saved.IN_FILE, tokens
        )
        made = saved.save(sign_in, made)
    place = "a file of mode 0600" if made.storage == saved.IN_FILE else "the system's keyring"
    echo(f"Signed in at {settings.issuer}. The tokens are in {place}.", err=True)
    if tokens.refresh_token is None:
        echo(
            "The provider gave no refresh token: you have to sign in again when the token ends. "
            "Its client may need the grant refresh_token, or you --prompt consent.",
            err=True,
        )


def _show_url(*, opens: bool) -> Callable[[Mapping[str, str]], None]:
    def show(shown: Mapping[str, str]) -> None:
        if opens and webbrowser.open(shown["url"]):
            echo("Sign in in your browser. If none opened, open this URL:", err=True)
        else:
            echo("Open this URL in a browser on this machine:", err=True)
        echo(shown["url"], err=True)

    return show


def _show_code(shown: Mapping[str, str]) -> None:
    echo(f"Open {shown['url']} on any device and enter the code {shown['code']}", err=True)
    if "complete_url" in shown:
        echo(f"or open {shown['complete_url']}", err=True)
