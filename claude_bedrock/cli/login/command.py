"""`claude-bedrock login`."""

import webbrowser
from collections.abc import Callable, Mapping

from claude_bedrock.cli.login.choose_settings import LoginOptions, choose
from claude_bedrock.cli.login.options import (
    Audience,
    ClientId,
    ClientSecret,
    Device,
    Issuer,
    NoBrowser,
    Port,
    Prompt,
    Resource,
    Scope,
    TokenIssuer,
)
from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.options import Stage, one_line_errors
from claude_bedrock.cli.shared.terminal import echo
from claude_bedrock.cli.sign_in import saved
from claude_bedrock.cli.sign_in.options import DEFAULT_SIGN_IN, SignInName


def login(
    *,
    issuer: Issuer = None,
    client_id: ClientId = None,
    client_secret: ClientSecret = None,
    audience: Audience = None,
    token_issuer: TokenIssuer = None,
    scope: Scope = None,
    resource: Resource = None,
    prompt: Prompt = None,
    port: Port = None,
    device: Device = False,
    no_browser: NoBrowser = False,
    sign_in: SignInName = DEFAULT_SIGN_IN,
    stage: Stage = None,
) -> None:
    """Sign in at your identity provider.

    `claude-bedrock token` then prints a token. Without options: sign in again as before.

    Exit codes: 0, 1 if you were not signed in, 2 if the provider did not answer."""
    with one_line_errors(NOT_ASSESSED):
        settings = choose(
            LoginOptions(
                issuer=issuer,
                client_id=client_id,
                client_secret=client_secret,
                audience=audience,
                token_issuer=token_issuer,
                stage=stage,
                scope=scope,
                resource=resource,
                prompt=prompt,
                port=port,
            ),
            saved.load_settings(sign_in),
        )
        from claude_bedrock.cli.sign_in import grants, provider  # noqa: PLC0415 - slow to import

        metadata = provider.discover(settings.issuer)
        settings = settings._replace(scope=settings.scope or metadata.default_scope())
        if device:
            tokens = grants.by_device(metadata, settings, _show_code)
        else:
            tokens = grants.by_browser(metadata, settings, _show_url(opens=not no_browser))
        made = saved.SignIn(
            settings, metadata.token_endpoint, metadata.revocation_endpoint, saved.IN_FILE, tokens
        )
        made = saved.save(sign_in, made)
    storage = "a file of mode 0600" if made.storage == saved.IN_FILE else "the system's keyring"
    echo(f"Signed in at {settings.issuer}. The tokens are in {storage}.", err=True)
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
