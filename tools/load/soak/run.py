"""One soak from start to end: what it stands on, its warm-up, its calls, what came of them."""

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tools.load.soak import memory, traffic
from tools.load.soak.callers import Callers, Ended, unexpected
from tools.load.soak.fake_storage import FakeStorage
from tools.load.soak.tally_check import Account, account

PROJECT = Path(__file__).parents[3]
_END_SECONDS = 60


class Effort(NamedTuple):
    """How many calls by how many callers, of which `slots` are answered at a time, after how many
    for each process to get warm: it is once CPython's own lists of free objects are full."""

    calls: int
    callers: int
    slots: int
    warm_up: int
    seed: int = 1


class Soaked(NamedTuple):
    """`warm` and `end`: process of the function -> KiB."""

    ended: list[Ended]
    seconds: float
    warm: dict[int, int]
    end: dict[int, int]
    account: Account

    def mistakes(self) -> list[str]:
        """Empty where all is as it should be."""
        other = [f"not the end that was due: {call}" for call in unexpected(self.ended)]
        return [*other, *memory.mistakes(self.warm, self.end), *self.account.mistakes]

    def ends(self) -> Counter[tuple[str, str, int]]:
        """Return how many calls there were of each kind, by end and status."""
        return Counter((call.kind, call.end, call.status) for call in self.ended)


def soak(effort: Effort, report: Callable[[str], None]) -> Soaked:
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        storage, since = FakeStorage(Path(folder)), datetime.now(UTC)
        with (
            _program("bedrock", folder) as bedrock,
            _program("endpoint", folder, _port(bedrock), str(effort.slots)) as endpoint,
        ):
            callers = Callers(int(_port(endpoint)), effort.callers, effort.seed)
            ended = _warmed(callers, effort, endpoint.pid)
            _settled(storage, len(ended))
            warm = memory.of_children(endpoint.pid)
            report(f"{len(warm)} processes of the function are warm")
            begun = time.monotonic()
            ended += callers.calls(effort.calls, _each_tenth(effort.calls, report))
            seconds = time.monotonic() - begun
            callers.close()
            _settled(storage, len(ended))
            end = memory.of_children(endpoint.pid)
        return Soaked(ended, seconds, warm, end, account(ended, storage, since))


def _warmed(callers: Callers, effort: Effort, endpoint: int) -> list[Ended]:
    """A process for every slot is started and meets the largest, then what comes, until each has
    had its share: more are started on the way."""
    ended, processes = callers.at_once(traffic.largest()), 0
    while started := max(len(memory.of_children(endpoint)) - processes, 0):
        ended += callers.calls(effort.warm_up * started, lambda _done: None)
        processes += started
    return ended


def _each_tenth(calls: int, report: Callable[[str], None]) -> Callable[[int], None]:
    def report_tenth(done: int) -> None:
        if done % max(calls // 10, 1) == 0:
            report(f"{done:,} calls")

    return report_tenth


def _settled(storage: FakeStorage, calls: int) -> None:
    """Every call has its line: those whose callers left write it once they notice."""
    deadline = time.monotonic() + _END_SECONDS
    while (
        len(storage.audit_lines.read_bytes().splitlines()) < calls and time.monotonic() < deadline
    ):
        time.sleep(0.1)


@contextmanager
def _program(name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `tools.load.soak.NAME`, which ends with the block and must do so well; it ends with this
    process too, however that ends."""
    command = [
        sys.executable,
        "-m",
        "local.process.exit_with_parent",
        f"tools.load.soak.{name}",
        *arguments,
    ]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": "lambda"}
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
            process.terminate()
            if process.wait(_END_SECONDS) != 0:
                raise subprocess.CalledProcessError(process.returncode, command)
        finally:
            process.kill()


def _port(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
