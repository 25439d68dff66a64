"""The command `up`, and the end of a run: by itself, by a signal, with an error."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from local.api_gateway.deployed import UnservedApiError
from local.aws.authorization import AuthorizationError
from local.aws.client import ACCESS_KEY_ID, SECRET_ACCESS_KEY, without_aws
from local.aws.server import EmbeddedAwsError
from local.lambda_service.errors import UnfitFunctionError
from local.process.find_node import NoNodeError
from local.run import options
from local.run.cdk_cli import CdkError
from local.run.endpoint import Endpoint
from local.run.instance import UPSTREAM, instance
from local.run.options import Options, OptionsError
from local.run.progress import Steps
from local.run.redeploy import NotRedeployedError, redeploy
from local.run.state import InUseError

EXPECTED: Final = (
    AuthorizationError,
    CdkError,
    EmbeddedAwsError,
    InUseError,
    NoNodeError,
    NotRedeployedError,
    OptionsError,
    OSError,
    UnfitFunctionError,
    UnservedApiError,
)


def up(chosen: Options) -> None:
    """Deploy, and serve until a signal."""
    run(_up(chosen), chosen)


async def _up(chosen: Options) -> None:
    console = Console()
    async with instance(chosen, Steps(console)) as endpoint:
        _present(console, endpoint, chosen)
        try:
            await asyncio.Event().wait()
        finally:
            console.print("\nStopping.")


def _present(console: Console, endpoint: Endpoint, chosen: Options) -> None:
    """How to call what is up."""
    table = Table.grid(padding=(0, 2))
    for name, value in (
        ("URL", endpoint.url),
        ("or plain", endpoint.http_url),
        *((f"key {name}", value) for name, value in endpoint.api_keys.items()),
        ("CA", endpoint.ca_bundle),
        *(("certificate", file) for file in [endpoint.client_certificate] if file),
        ("AWS", endpoint.aws_endpoint_url),
        ("Bedrock", endpoint.bedrock_endpoint_url),
    ):
        table.add_row(f"[bold]{name}[/]", value)
    console.print(table)
    console.print(
        f"\ncurl {_target(endpoint)}/v1/messages {_credentials(endpoint)} "
        "-H 'content-type: application/json' -d "
        '\'{"model": "claude-haiku-4-5", "max_tokens": 99, '
        '"messages": [{"role": "user", "content": "Hello"}]}\'\n',
        soft_wrap=True,
        markup=False,
        highlight=False,
    )
    console.print(f"All of this is in {chosen.state / 'endpoint.json'}. Ctrl-C stops everything.")


def _target(endpoint: Endpoint) -> str:
    """Return curl's options for TLS, and the URL: plain, unless clients have a certificate."""
    if endpoint.client_certificate:
        files = f"--cacert {endpoint.ca_bundle} --cert {endpoint.client_certificate}"
        return f"{files} {endpoint.url}"
    return endpoint.http_url


def _credentials(endpoint: Endpoint) -> str:
    """Return curl's options for the caller: a key, or a signature."""
    for key in endpoint.api_keys.values():
        return f"-H 'x-api-key: {key}'"
    user = f"{ACCESS_KEY_ID}:{SECRET_ACCESS_KEY}"
    return f"--aws-sigv4 aws:amz:{endpoint.region}:execute-api --user {user}"


def deploy(state: Path, stages_file: Path | None) -> None:
    """Deploy what has changed to the run that is up."""
    run(redeploy(state, stages_file, Console()), None)


def run(
    work: Coroutine[object, object, None], chosen: Options | None, *more: type[Exception]
) -> None:
    """Run `work` to its end, to a signal, or to an error that has a sentence of its own: one of
    EXPECTED, or of `more`. What is `chosen` is looked at first."""
    expected: tuple[type[Exception], ...] = (*EXPECTED, *more)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    upstream = os.environ.get(UPSTREAM)
    own = without_aws() | ({UPSTREAM: upstream} if upstream else {})
    os.environ.clear()
    os.environ.update(own)
    try:
        asyncio.run(_checked(work, chosen))
    except BaseExceptionGroup as several:
        _report(several, expected)
    except expected as error:
        sys.exit(f"\n{error}")


def _report(
    several: BaseExceptionGroup[BaseException], expected: tuple[type[Exception], ...]
) -> None:
    """End with each sentence once."""
    known, rest = several.split(expected)
    if rest is not None or known is None:
        raise several
    sys.exit("\n" + "\n".join(dict.fromkeys(str(error) for error in known.exceptions)))


async def _checked(work: Coroutine[object, object, None], chosen: Options | None) -> None:
    try:
        if chosen is not None:
            options.check(chosen)
    except OptionsError:
        work.close()
        raise
    await _until_signaled(work)


async def _until_signaled(work: Coroutine[object, object, None]) -> None:
    task = asyncio.ensure_future(work)
    signaled: list[signal.Signals] = []

    def cancel(number: signal.Signals) -> None:
        if not signaled:
            signaled.append(number)
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, cancel, number)
    try:
        await task
    except asyncio.CancelledError:
        if not signaled:
            raise
