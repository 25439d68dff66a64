"""The commands `python -m local up`, `demo` and `audit-demo`."""

import asyncio
import logging
import os
import re
import signal
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.evidence import EvidenceError
from local.api_gateway.deployed import UnservedApiError
from local.api_gateway.integration import ClientDisconnect
from local.audit_demo import demonstrate_audit
from local.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, without_aws
from local.cdk import CdkError
from local.demo import DemoFailedError, demonstrate
from local.embedded_aws import EmbeddedAwsError
from local.instance import UPSTREAM, Endpoint, Options, instance
from local.lambda_service.errors import UnfitFunctionError
from local.node import NoNodeError
from local.progress import Steps
from local.state import InUseError

EXPECTED = (
    CdkError,
    DemoFailedError,
    EvidenceError,
    EmbeddedAwsError,
    InUseError,
    NoNodeError,
    UnfitFunctionError,
    UnservedApiError,
)

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)


def _checked_delay(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?(-\d+(\.\d+)?)?", text):
        raise typer.BadParameter("Give seconds, or a range of seconds such as 10-60.")
    return text


Stage = Annotated[str, typer.Option(help="The stage of cdk.json to deploy.")]
Port = Annotated[int, typer.Option(help="Of the API over HTTP; 0 picks a free one.")]
HttpsPort = Annotated[int, typer.Option(help="Of the API over HTTPS; 0 picks a free one.")]
AwsPort = Annotated[int, typer.Option(help="Of the embedded AWS; 0 picks a free one.")]
StateFolder = Annotated[Path, typer.Option(help="Where logs, CA and endpoint.json go.")]
Blocks = Annotated[
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
    state: StateFolder = Path(".local"),
    blocks: Blocks = None,
    client_disconnect: Disconnect = ClientDisconnect.INVISIBLE,
    iam_delay: IamDelay = "0",
) -> None:
    """Deploy to an embedded AWS and serve the API until Ctrl-C."""
    ports = (port, https_port, aws_port)
    _run(_up(Options(stage, *ports, state, blocks, client_disconnect, iam_delay)))


@app.command()
def demo(
    *,
    stage: Stage = "local",
    port: Port = 0,
    https_port: HttpsPort = 0,
    aws_port: AwsPort = 0,
    state: StateFolder = Path(".local"),
    blocks: Blocks = None,
    client_disconnect: Disconnect = ClientDisconnect.INVISIBLE,
    iam_delay: IamDelay = "0",
) -> None:
    """The same, then call it, show what was logged, and stop."""
    ports = (port, https_port, aws_port)
    _run(_demo(Options(stage, *ports, state, blocks, client_disconnect, iam_delay)))


@app.command("audit-demo")
def audit_demo(
    *,
    stage: Stage = "local",
    port: Port = 0,
    https_port: HttpsPort = 0,
    aws_port: AwsPort = 0,
    state: StateFolder = Path(".local"),
    blocks: Blocks = None,
    client_disconnect: Disconnect = ClientDisconnect.INVISIBLE,
    iam_delay: IamDelay = "0",
) -> None:
    """The same, with a made-up month of calls; makes the audit report of it, and stops."""
    ports = (port, https_port, aws_port)
    _run(_audit_demo(Options(stage, *ports, state, blocks, client_disconnect, iam_delay)))


async def _audit_demo(options: Options) -> None:
    console = Console()
    out = options.state / f"audit-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    async with instance(options, Steps(console)) as endpoint:
        await demonstrate_audit(endpoint, out, console)


async def _up(options: Options) -> None:
    console = Console()
    async with instance(options, Steps(console)) as endpoint:
        _present(console, endpoint, options)
        try:
            await asyncio.Event().wait()
        finally:
            console.print("\nStopping.")


async def _demo(options: Options) -> None:
    console = Console()
    async with instance(options, Steps(console)) as endpoint:
        await demonstrate(endpoint, console)


def _present(console: Console, endpoint: Endpoint, options: Options) -> None:
    """How to call what is up."""
    table = Table.grid(padding=(0, 2))
    for name, value in (
        ("URL", endpoint.url),
        ("or plain", endpoint.http_url),
        *((f"key {name}", value) for name, value in endpoint.api_keys.items()),
        ("CA", endpoint.ca_bundle),
        ("AWS", endpoint.aws_endpoint_url),
        ("Bedrock", endpoint.bedrock_endpoint_url),
    ):
        table.add_row(f"[bold]{name}[/]", value)
    console.print(table)
    console.print(
        f"\ncurl {endpoint.http_url}/v1/messages {_credentials(endpoint)} "
        "-H 'content-type: application/json' -d "
        '\'{"model": "claude-haiku-4-5", "max_tokens": 99, '
        '"messages": [{"role": "user", "content": "Hello"}]}\'\n',
        soft_wrap=True,
        markup=False,
        highlight=False,
    )
    console.print(f"All of this is in {options.state / 'endpoint.json'}. Ctrl-C stops everything.")


def _credentials(endpoint: Endpoint) -> str:
    """What tells curl who calls: a key, or a signature."""
    for key in endpoint.api_keys.values():
        return f"-H 'x-api-key: {key}'"
    who = f"{ACCESS_KEY_ID}:{SECRET_ACCESS_KEY}"
    return f"--aws-sigv4 aws:amz:{endpoint.region}:execute-api --user {who}"


def _run(work: Coroutine[object, object, None]) -> None:
    """Runs `work` to its end, to a signal, or to an error that we know how to tell."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    kept = os.environ.get(UPSTREAM)
    own = without_aws() | ({UPSTREAM: kept} if kept else {})
    os.environ.clear()
    os.environ.update(own)
    try:
        asyncio.run(_until_signalled(work))
    except BaseExceptionGroup as several:
        _tell(several)
    except EXPECTED as error:
        sys.exit(f"\n{error}")


def _tell(several: BaseExceptionGroup[BaseException]) -> None:
    expected, rest = several.split(EXPECTED)
    if rest is not None or expected is None:
        raise several
    sys.exit("\n" + "\n".join(str(error) for error in expected.exceptions))


async def _until_signalled(work: Coroutine[object, object, None]) -> None:
    task = asyncio.ensure_future(work)
    signalled: list[signal.Signals] = []

    def cancel(number: signal.Signals) -> None:
        if not signalled:
            signalled.append(number)
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, cancel, number)
    try:
        await task
    except asyncio.CancelledError:
        if not signalled:
            raise


if __name__ == "__main__":
    app(prog_name="python -m local")
