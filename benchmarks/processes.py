"""How the programs that are measured are started, with nothing of this shell's environment."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks import cpu, memory, process_tree

PROJECT = Path(__file__).parents[1]
_BASE = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": ":UTC"}


class ProcessFailed(Exception):
    """A program under measurement did not do as told; the message holds what it wrote."""


class Measured:
    """A running program. What it prints is read line by line, if `talks`, or thrown away."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, talks: bool = False
    ) -> None:
        self._complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 - `close` closes it
        self._process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**_BASE, **environment},
            stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
            stdout=subprocess.PIPE if talks else subprocess.DEVNULL,
            stderr=self._complaints,
            text=True,
        )

    def request(self, line: str) -> str:
        """Return the line it prints for a line it is given; no line is given if it is empty."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        if not answer:
            raise ProcessFailed(self.complaint())
        return answer

    def cpu_ms(self) -> float:
        """Return what the process tree has used since it was started."""
        return cpu.used_ms(self._process.pid)

    def memory_mib(self) -> float:
        """Return what the process tree holds now."""
        return memory.proportional_mib(self._process.pid)

    def rest(self) -> int:
        """Return the bytes it holds now; `peak_bytes` begins anew."""
        memory.forget_peak(self._process.pid)
        return memory.resident_bytes(self._process.pid)

    def peak_bytes(self) -> int:
        """Return the most it has held since `rest`."""
        return memory.peak_bytes(self._process.pid)

    def runs(self) -> bool:
        return self._process.poll() is None

    @contextmanager
    def explained(self) -> Iterator[None]:
        """An error inside is told with what the program wrote to its standard error."""
        try:
            yield
        except (OSError, ProcessFailed) as error:
            raise ProcessFailed(f"{error}\n{self.complaint()}") from error

    def complaint(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read().strip()

    def children(self) -> list[int]:
        """Return its living descendants."""
        return list(process_tree.tree(self._process.pid))[1:]

    def close(self) -> None:
        """End it, and what it has started; also after it has ended by itself."""
        with suppress(ProcessLookupError):
            for child in self.children():
                os.kill(child, signal.SIGKILL)
        self._process.kill()
        self._process.communicate()
        self._complaints.close()
