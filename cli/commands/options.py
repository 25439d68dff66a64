"""Options that several commands share, and how a command ends in one line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from catalog.guard import TooLongError
from cli.ask import RefusedError
from cli.deployment import NoTargetError

StateFolder = Annotated[Path, typer.Option(help="Where `make local` keeps its files.")]
Stage = Annotated[
    str | None, typer.Option(help="A stage in your AWS account; else what is up locally.")
]
Region = Annotated[str | None, typer.Option(help="The stage's Region.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Url = Annotated[
    str | None,
    typer.Option(help="The endpoint; else what is up locally.", envvar="CLAUDE_BEDROCK_URL"),
]
Key = Annotated[str | None, typer.Option(help="The API key.", envvar="CLAUDE_BEDROCK_KEY")]
LOCAL_STATE = Path(".local")


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Ends the program with one line for each error that a user can do something about."""
    try:
        yield
    except (RefusedError, NoTargetError, TooLongError, BotoCoreError, ClientError) as error:
        sys.exit(f"claude-bedrock: {error}")
