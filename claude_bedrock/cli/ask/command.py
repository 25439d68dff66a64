"""`claude-bedrock ask`."""

import os
import stat
import sys
from pathlib import Path
from typing import Annotated

import typer

from claude_bedrock.catalog import ROUTES
from claude_bedrock.cli.ask import request_body
from claude_bedrock.cli.ask.answer import Answer
from claude_bedrock.cli.ask.answer import ask as ask_endpoint
from claude_bedrock.cli.ask.model_choice import choose_model
from claude_bedrock.cli.ask.request_body import BadQuestionError
from claude_bedrock.cli.shared import endpoint
from claude_bedrock.cli.shared.errors import INTERRUPTED
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    Iam,
    Key,
    LocalDir,
    Region,
    Stage,
    Url,
    not_empty,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import echo, echo_json

_STDIN = "-"
_MOST_TOKENS = 1_000_000


def ask(
    prompt: Annotated[
        str | None,
        typer.Argument(
            help="The prompt. Text that is piped to standard input goes before it; - means "
            "standard input alone."
        ),
    ] = None,
    *,
    model: Annotated[
        str | None,
        typer.Option(
            help="A model that the stage allows: its name, or a family such as haiku.",
            envvar="CLAUDE_BEDROCK_MODEL",
            callback=not_empty,
            show_default="the newest Haiku that the stage allows, else its newest model",
        ),
    ] = None,
    geography: Annotated[
        str | None,
        typer.Option(help="Use the inference profile of this geography, such as global or eu."),
    ] = None,
    pdf: Annotated[
        list[Path] | None, typer.Option(help="A PDF to ask about; may be given several times.")
    ] = None,
    system: Annotated[str | None, typer.Option(help="The system prompt.")] = None,
    max_tokens: Annotated[
        int, typer.Option(help="The most tokens of the reply.", min=1, max=_MOST_TOKENS)
    ] = 1024,
    stage: Stage = None,
    region: Region = None,
    url: Url = None,
    key: Key = None,
    iam: Iam = False,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Send a prompt and stream the reply.

    Prints the request id, token usage and cost to standard error."""
    with one_line_errors():
        where = endpoint.chosen(
            url=url, key=key, iam=iam, stage=stage, region=region, local_dir=local_dir
        )
        _check(geography)
        text = _prompt(prompt)
        body = request_body.body(
            text,
            model=choose_model(model, where),
            max_tokens=max_tokens,
            geography=geography,
            system=system,
            pdfs=pdf or [],
        )
        with ask_endpoint(where, body) as answer:
            try:
                if as_json:
                    echo_json(answer.as_data("".join(answer.text())))
                    return
                _print(answer)
            except KeyboardInterrupt:
                echo(f"request id {answer.request_id}, interrupted", err=True)
                sys.exit(INTERRUPTED)
    echo(answer.receipt(), err=True)


def _print(answer: Answer) -> None:
    """End the line, however the answer ends: what follows goes to standard error.

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


def _prompt(argument: str | None) -> str:
    """Return the text of standard input, if something is piped, then the argument.

    Raises BadQuestionError."""
    if argument == _STDIN or (argument is None and not _is_terminal()):
        piped = _standard_input()
        if not piped.strip():
            raise BadQuestionError(
                "Standard input has no prompt. Give one as an argument: "
                "`claude-bedrock ask PROMPT`."
            )
        return piped
    if argument is None:
        raise BadQuestionError(
            "No prompt. Give it as an argument, or pipe it: `cat FILE | claude-bedrock ask`."
        )
    piped = _standard_input() if _is_piped() else ""
    return f"{piped.rstrip()}\n\n{argument}" if piped.strip() else argument


def _is_terminal() -> bool:
    return sys.stdin is None or sys.stdin.isatty()


def _is_piped() -> bool:
    """Return whether standard input is a pipe or a file. Others, such as a terminal, /dev/null or
    the socket that some programs start others with, may never end."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except AttributeError:  # closed before the start
        return False
    except (OSError, ValueError):  # no file at all: what a test gives
        return True
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise BadQuestionError("Standard input is not UTF-8 text.") from error


def _check(geography: str | None) -> None:
    if geography is not None and geography not in ROUTES:
        raise BadQuestionError(
            f"Unknown --geography {geography!r}. Use one of {', '.join(ROUTES)}."
        )
