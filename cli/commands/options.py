"""Options that several commands share, and how a command ends in one line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from catalog.guard import TooLongError
from cli.deployment import NoTargetError
from cli.endpoint import RefusedError
from cli.evidence import EvidenceError
from cli.key_value import UnfitNameError
from cli.keys import KeyRefusedError
from cli.question import BadQuestionError
from cli.usage.rows import UnanswerableError
from reconciliation.window import UnreadableError
from verification.period import BadWindowError

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
Iam = Annotated[
    bool, typer.Option("--iam", help="With --url: sign with your AWS credentials, use no key.")
]
LOCAL_STATE = Path(".local")
OURS = (
    *(RefusedError, NoTargetError, BadQuestionError),
    *(KeyRefusedError, UnfitNameError, TooLongError),
    *(BadWindowError, EvidenceError, UnreadableError, UnanswerableError),
)


@contextmanager
def one_line_errors(exit_code: int = 1) -> Iterator[None]:
    """Ends the program with one line for each error that a user can do something about."""
    try:
        yield
    except (*OURS, BotoCoreError, ClientError) as error:
        typer.echo(f"claude-bedrock: {error}", err=True)
        sys.exit(exit_code)
