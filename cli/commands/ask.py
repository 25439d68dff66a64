"""`claude-bedrock ask`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.ask import Endpoint
from cli.ask import ask as ask_endpoint
from cli.commands.options import LOCAL_STATE, Key, StateFolder, Url, one_line_errors
from cli.deployment import NoTargetError, local_endpoint


def ask(
    prompt: str,
    *,
    model: Annotated[str, typer.Option(help="A model the stage allows.")] = "claude-haiku-4-5",
    max_tokens: Annotated[int, typer.Option(help="The longest answer.")] = 1024,
    url: Url = None,
    key: Key = None,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Ask, and print the answer as it comes; the request id goes to standard error."""
    with one_line_errors():
        endpoint = _endpoint(url, key, state)
        answer = ask_endpoint(endpoint, model=model, prompt=prompt, max_tokens=max_tokens)
        for piece in answer.text:
            typer.echo(piece, nl=False)
    typer.echo()
    typer.echo(f"request id {answer.request_id}", err=True)


def _endpoint(url: str | None, key: str | None, state: Path) -> Endpoint:
    if url is not None:
        if key is None:
            raise NoTargetError("--url needs --key, or CLAUDE_BEDROCK_KEY")
        return Endpoint(url, key, None)
    found = local_endpoint(state)
    first = next(iter(found["api_keys"].values()))
    return Endpoint(found["url"], key or first, found["ca_bundle"])
