"""The processor time of a process and its descendants, to the nanosecond."""

import os
import time
from pathlib import Path

from benchmarks.process_tree import tree

_TICKS_MS = 1000 / os.sysconf("SC_CLK_TCK")


def used_ms(pid: int) -> float:
    """User and system time in milliseconds: `pid`, its living descendants, those it has reaped.

    Raises ProcessLookupError when the process is gone.
    """
    return sum(own_ms(process_id) + _reaped_ms(process_id) for process_id in tree(pid))


def own_ms(pid: int) -> float:
    """Return user and system time of `pid` alone, in milliseconds. Raises OSError when it is gone.

    By what clock_getcpuclockid(3) gives, which Python has for threads only."""
    return time.clock_gettime((~pid << 3) | 2) * 1000


def _reaped_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) * _TICKS_MS  # cutime, cstime: proc(5)
