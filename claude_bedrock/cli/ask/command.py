"""`claude-bedrock ask`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from claude_bedrock.catalog import ROUTES
from claude_bedrock.cli.ask import request_body
from claude_bedrock.cli.ask.answer import Answer
from claude_bedrock.cli.ask.answer import ask as ask_endpoint
from claude_bedrock.cli.shared import endpoint
from claude_bedrock.cli.shared.errors import INTERRUPTED
from claude_bedrock.cli.shared.options import (
    LOCAL_STATE,
    Iam,
    Key,
    Region,
    Stage,
    StateFolder,
    Url,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import echo

_STDIN = "-"
_MOST_TOKENS = 1_000_000


def ask(
    prompt: Annotated[str, typer.Argument(help="The question; - reads it from standard input.")],
    *,
    model: Annotated[str, typer.Option(help="A model the stage allows.")] = "claude-haiku-4-5",
    route: Annotated[
        str | None,
        typer.Option(help="Ask for this route's profile, which the stage must allow."),
    ] = None,
    pdf: Annotated[
        list[Path] | None, typer.Option(help="A PDF to ask about; may be given several times.")
    ] = None,
    system: Annotated[str | None, typer.Option(help="The system prompt.")] = None,
    max_tokens: Annotated[
        int, typer.Option(help="The longest answer.", min=1, max=_MOST_TOKENS)
    ] = 1024,
    stage: Stage = None,
    region: Region = None,
    url: Url = None,
    key: Key = None,
    iam: Iam = False,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Send a prompt and stream the reply.

    Prints the request id, token usage and cost to standard error."""
    with one_line_errors():
        where = endpoint.chosen(url=url, key=key, iam=iam, stage=stage, region=region, state=state)
        body = request_body.body(
            _text(prompt),
            model=model,
            max_tokens=max_tokens,
            route=_known(route),
            system=system,
            pdfs=pdf or [],
        )
        with ask_endpoint(where, body) as answer:
            try:
                _print(answer)
            except KeyboardInterrupt:
                echo(f"request id {answer.request_id}, interrupted", err=True)
                sys.exit(INTERRUPTED)
    echo(answer.receipt(), err=True)


def _print(answer: Answer) -> None:
    """Ends the line, however the answer ends: what follows goes to standard error.

    Only a terminal obeys controls, so into a file or a pipe goes what the model wrote."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    try:
        for piece in answer.text():
            if is_terminal:
                echo(piece, nl=False)
            else:
                typer.echo(piece, nl=False, color=True)  # else Click would take some out
    finally:
        typer.echo()


def _text(prompt: str) -> str:
    if prompt != _STDIN:
        return prompt
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise request_body.BadQuestionError("standard input is not UTF-8 text") from error
    if not text.strip():
        raise request_body.BadQuestionError("standard input has no question")
    return text


def _known(route: str | None) -> str | None:
    if route is not None and route not in ROUTES:
        raise request_body.BadQuestionError(f"no route {route!r}; there are {', '.join(ROUTES)}")
    return route
