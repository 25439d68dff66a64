"""The commands `python -m local up`, `deploy`, `demo` and `audit-demo`."""

import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from local.run.options import ClientDisconnect, Options

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)


def _checked_delay(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?(-\d+(\.\d+)?)?", text):
        raise typer.BadParameter("Give seconds, or a range of seconds such as 10-60.")
    return text


Stage = Annotated[str, typer.Option(help="The stage of cdk.json to deploy.")]
Port = Annotated[int, typer.Option(help="Of the API over HTTP; 0 picks a free one.")]
HttpsPort = Annotated[int, typer.Option(help="Of the API over HTTPS; 0 picks a free one.")]
AwsPort = Annotated[int, typer.Option(help="Of the embedded AWS; 0 picks a free one.")]
LocalDir = Annotated[
    Path,
    typer.Option(
        "--local-dir",
        "--state",
        help="Where logs, CA and endpoint.json go. --state is its old name.",
    ),
]
StagesFile = Annotated[
    Path | None,
    typer.Option(help="A JSON file of stage blocks in place of those in cdk.json.", exists=True),
]
IamDelay = Annotated[
    str,
    typer.Option(
        help="Seconds until a new or changed role holds, or a range to draw from: 10-60.",
        callback=_checked_delay,
    ),
]

Disconnect = Annotated[
    ClientDisconnect,
    typer.Option(
        "--client-disconnect", help="Whether the function sees that its client has disconnected."
    ),
]


@app.command()
def up(
    *,
    stage: Stage = "local",
    port: Port = 0,
    https_port: HttpsPort = 0,
    aws_port: AwsPort = 0,
    local_dir: LocalDir = Path(".local"),
    stages_file: StagesFile = None,
    client_disconnect: Disconnect = ClientDisconnect.INVISIBLE,
    iam_delay: IamDelay = "0",
) -> None:
    """Deploy to an embedded AWS and serve the API until Ctrl-C."""
    ports = (port, https_port, aws_port)
    chosen = Options(stage, *ports, local_dir, stages_file, client_disconnect, iam_delay)
    _module("local.run.commands").up(chosen)


@app.command()
def demo(
    *,
    stage: Stage = "local",
    port: Port = 0,
    https_port: HttpsPort = 0,
    aws_port: AwsPort = 0,
    local_dir: LocalDir = Path(".local"),
    stages_file: StagesFile = None,
    client_disconnect: Disconnect = ClientDisconnect.INVISIBLE,
    iam_delay: IamDelay = "0",
) -> None:
    """The same, then call it, show what was logged, and stop."""
    ports = (port, https_port, aws_port)
    _module("demo.commands").demo(
        Options(stage, *ports, local_dir, stages_file, client_disconnect, iam_delay)
    )


@app.command("audit-demo")
def audit_demo(
    *,
    stage: Stage = "local",
    port: Port = 0,
    https_port: HttpsPort = 0,
    aws_port: AwsPort = 0,
    local_dir: LocalDir = Path(".local"),
    stages_file: StagesFile = None,
    client_disconnect: Disconnect = ClientDisconnect.INVISIBLE,
    iam_delay: IamDelay = "0",
) -> None:
    """The same, with a made-up month of calls; makes the audit report of it, and stops."""
    ports = (port, https_port, aws_port)
    _module("demo.commands").audit_demo(
        Options(stage, *ports, local_dir, stages_file, client_disconnect, iam_delay)
    )


@app.command()
def deploy(*, local_dir: LocalDir = Path(".local"), stages_file: StagesFile = None) -> None:
    """Deploy a changed cdk.json to the run that is up, and renew its endpoint.json."""
    _module("local.run.commands").deploy(local_dir, stages_file)


def _module(name: str) -> ModuleType:
    """Return the module of a command: slow to import, and nothing that `--help` needs."""
    return importlib.import_module(name)


if __name__ == "__main__":
    app(prog_name="python -m local")
