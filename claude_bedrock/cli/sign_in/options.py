"""The option that the commands about a sign-in share."""

from typing import Annotated

import typer

from claude_bedrock.cli.sign_in.saved import DEFAULT_NAME, is_name


def _sign_in_name(value: str) -> str:
    if not is_name(value):
        raise typer.BadParameter(
            f"{value!r} is not the name of a sign-in. Use 1 to 32 lowercase letters, digits and "
            "hyphens."
        )
    return value


SignInName = Annotated[
    str,
    typer.Option(
        "--sign-in", help="The name of the sign-in, if you have several.", callback=_sign_in_name
    ),
]
DEFAULT_SIGN_IN = DEFAULT_NAME
