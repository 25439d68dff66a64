"""The options of `claude-bedrock login`."""

from typing import Annotated

import typer

from claude_bedrock.cli.shared.options import not_empty

Issuer = Annotated[
    str | None, typer.Option(help="The identity provider's issuer URL.", callback=not_empty)
]
ClientId = Annotated[
    str | None,
    typer.Option(
        help="The id of the public client that you registered at the provider for this command.",
        callback=not_empty,
    ),
]
ClientSecret = Annotated[
    str | None,
    typer.Option(
        help="The client's secret, if the provider gives native clients one, as Google does. "
        "The command saves it with the sign-in.",
        callback=not_empty,
    ),
]
Audience = Annotated[
    str | None,
    typer.Option(
        help="The audience that the stage's token issuer names.",
        callback=not_empty,
        show_default="the client id",
    ),
]
TokenIssuer = Annotated[
    str | None,
    typer.Option(
        help="Take issuer and audience from this entry of the stage's token_issuers in "
        "./cdk.json; needs --stage.",
        callback=not_empty,
    ),
]
Scope = Annotated[
    str | None,
    typer.Option(
        help="The scopes to request.",
        callback=not_empty,
        show_default="openid profile email offline_access, as far as the provider lists them",
    ),
]
Resource = Annotated[
    str | None,
    typer.Option(
        help="The resource parameter, for a provider that issues tokens by it (RFC 8707).",
        callback=not_empty,
    ),
]
Prompt = Annotated[
    str | None,
    typer.Option(
        help="The prompt parameter, such as consent or select_account.", callback=not_empty
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        help="The redirect's port on 127.0.0.1, if the provider needs it registered.",
        min=0,
        max=65535,
        show_default="any free one",
    ),
]
Device = Annotated[bool, typer.Option("--device", help="Sign in on another device, by a code.")]
NoBrowser = Annotated[
    bool, typer.Option("--no-browser", help="Print the URL instead of opening it.")
]
