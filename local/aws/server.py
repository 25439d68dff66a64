"""The process of MiniStack, the embedded AWS: its start, its readiness and its end.

https://github.com/ministackorg/ministack - its state lives in its memory, log events in a file
without a name: every run starts afresh.
"""

import asyncio
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from local.aws.client import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Aws, without_aws
from local.process import child_process, exit_with_parent
from local.process.child_process import Process

PROJECT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
READY_SECONDS = 60
_IN_USE = "is already in use"  # MiniStack's words
_STARTS = 3  # with a port that is chosen here, another program may take it before MiniStack does


class EmbeddedAwsError(Exception):
    """The embedded AWS did not come up; the text holds the end of its log."""


@asynccontextmanager
async def embedded_aws(
    *, region: str, port: int, folder: Path, iam_delay: str = "0", role_boundary: str = ""
) -> AsyncIterator[Aws]:
    """Yield the embedded AWS on loopback, on `port` or a free one (0), as long as the block lasts.

    `folder` takes its temporary files and its log; `iam_delay` is how many seconds a new or changed
    role needs until it holds, or a range to draw them from, such as "10-60". `role_boundary` is the
    ARN or name of the policy that each new role needs as its permissions boundary.
    """
    rules = {"EMBEDDED_IAM_DELAY": iam_delay, "EMBEDDED_ROLE_BOUNDARY": role_boundary}
    async with AsyncExitStack() as stack:
        for starts_left in reversed(range(1 if port else _STARTS)):
            at = _embedded_aws(region, port or free_port(), folder, rules)
            try:
                aws = await stack.enter_async_context(at)
                break
            except EmbeddedAwsError as error:
                if not starts_left or _IN_USE not in str(error):
                    raise
        yield aws


@asynccontextmanager
async def _embedded_aws(
    region: str, port: int, folder: Path, rules: Mapping[str, str]
) -> AsyncIterator[Aws]:
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    log = folder / "ministack.log"
    command = (sys.executable, "-P", exit_with_parent.__file__, "local.embedded")
    with log.open("wb") as output:
        environment = {**_environment(port, region, folder), **rules}
        async with child_process.running(
            *command, env=environment, output=output.fileno()
        ) as process:
            await _ready(process, f"http://127.0.0.1:{port}", log)
            yield Aws(f"http://localhost:{port}", region, ACCOUNT)


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _environment(port: int, region: str, folder: Path) -> dict[str, str]:
    return {
        **without_aws(),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",  # AWS's default, and not what this machine may carry
        "EMBEDDED_FOLDER": str(folder.resolve()),
        "SFTP_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": region,
        "PYTHONPATH": os.pathsep.join(map(str, (PROJECT, PROJECT / "lambda"))),
        "TMPDIR": str((folder / "tmp").resolve()),
    }


async def _ready(process: Process, url: str, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    while not await asyncio.to_thread(is_up, url):
        if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
            tail = "".join(log.read_text(errors="replace").splitlines(keepends=True)[-8:])
            raise EmbeddedAwsError(f"MiniStack did not start:\n{tail}")
        await asyncio.sleep(0.05)


def is_up(url: str) -> bool:
    """Return whether an embedded AWS answers at `url`."""
    try:
        health = f"{url}/_ministack/health"
        with urllib.request.urlopen(health, timeout=2):  # noqa: S310 - loopback, our own URL
            return True
    except (urllib.error.URLError, OSError):
        return False
