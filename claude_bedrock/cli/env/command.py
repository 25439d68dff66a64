"""`claude-bedrock env`."""

import shlex
from typing import Annotated

import typer

from claude_bedrock.cli.env import client_access
from claude_bedrock.cli.env.client_environment import Client, variables
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    Key,
    LocalDir,
    Region,
    Stage,
    not_empty,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import echo


def env(
    *,
    client: Annotated[Client, typer.Option(help="The client to configure.")] = "claude-bedrock",
    key_name: Annotated[
        str | None,
        typer.Option(
            help="The key to print, as `keys list` names it.",
            callback=not_empty,
            show_default="the first of api_keys",
        ),
    ] = None,
    stage: Stage = None,
    region: Region = None,
    key: Key = None,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Print export lines that make a client call the deployment.

    If your credentials may read the key, the lines hold its value. Otherwise a note on standard
    error says how to get one."""
    with one_line_errors(role="operator"):
        access, note = client_access.access(stage, region, local_dir, key, key_name)
        environment = variables(client, access)
    for name, value in environment.items():
        echo(f"export {name}={shlex.quote(value)}")
    if note:
        echo(f"claude-bedrock: {note}", err=True)
