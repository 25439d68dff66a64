"""Freezes the processes of an environment between invocations, and thaws them for the next.

Nothing of a frozen environment runs, threads in the background included:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

A frozen process does not notice that this one has ended, however it ended. Run as a program, this
module ends the groups that it reads from its standard input once that closes.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress


class Freezer:
    """Signals process groups by their ids."""

    def __init__(self) -> None:
        self._guard: subprocess.Popen[bytes] | None = None

    def freeze(self, group: int) -> None:
        self._report(f"+{group}")
        _signal(group, signal.SIGSTOP)

    def thaw(self, group: int) -> None:
        _signal(group, signal.SIGCONT)
        self._report(f"-{group}")

    def close(self) -> None:
        """End all that is frozen."""
        if self._guard is not None:
            self._guard.communicate()

    def _report(self, line: str) -> None:
        if self._guard is None:
            command = (sys.executable, "-P", __file__)
            self._guard = subprocess.Popen(
                command, stdin=subprocess.PIPE, start_new_session=True, bufsize=0
            )
        if self._guard.stdin is not None:
            self._guard.stdin.write(f"{line}\n".encode())


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def main() -> None:
    """Read `+GROUP` and `-GROUP`, a line each, and end the groups that are left."""
    frozen: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            frozen.add(group)
        else:
            frozen.discard(group)
    for group in frozen:
        _signal(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
