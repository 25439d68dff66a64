"""How much memory each process of the function holds, shared pages divided among their users.

Code is left out: it is shared with every other Python that runs on the machine meanwhile.
"""

import re
from pathlib import Path

GROWTH = 1.05
"""What a process may hold at the end, beside what it held when it was warm."""


def available() -> bool:
    """Whether this system tells a process's proportional set size (Linux does)."""
    return Path("/proc/self/smaps_rollup").exists()


def of_children(pid: int) -> dict[int, int]:
    """Child of the process -> the proportional set size (PSS) of its anonymous memory in KiB; see
    https://docs.kernel.org/filesystems/proc.html."""
    return {child: _pss_kib(child) for child in sorted(_children(pid))}


def grown(warm: dict[int, int], end: dict[int, int]) -> dict[int, float]:
    """Which processes hold more than they may, as a ratio; one that is gone has grown without
    bounds."""
    ratios = {child: end.get(child, float("inf")) / kib for child, kib in warm.items()}
    return {child: ratio for child, ratio in ratios.items() if ratio > GROWTH}


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _pss_kib(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss_Anon:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1])
