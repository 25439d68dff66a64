"""How much processor time a process and its descendants have used, to the nanosecond."""

import os
import time
from pathlib import Path

_TICKS_MS = 1000 / os.sysconf("SC_CLK_TCK")


def available() -> bool:
    """Whether this system tells one process about another's (Linux does)."""
    return Path("/proc/self/stat").exists()


def used_ms(pid: int) -> float:
    """User and system time in milliseconds: `pid`, its living descendants, those it has reaped.

    Raises ProcessLookupError when the process is gone.
    """
    own = time.clock_gettime(_clock_of(pid)) * 1000
    return own + _reaped_ms(pid) + sum(used_ms(child) for child in _children(pid))


def _clock_of(pid: int) -> int:
    """What clock_getcpuclockid(3) gives, which Python has for threads only."""
    if not Path(f"/proc/{pid}").exists():
        raise ProcessLookupError(pid)
    return (~pid << 3) | 2


def _reaped_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) * _TICKS_MS  # cutime, cstime: proc(5)


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]
