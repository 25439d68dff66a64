"""The memory of each process of the function, shared pages divided among their users.

Code is left out: it is shared with every other Python that runs on the machine meanwhile.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.lambda_service import freezer

GROWTH = 1.05
"""What may be held at the end, beside what was when all were warm."""


def available() -> bool:
    """Return whether this system tells a process's proportional set size (Linux does)."""
    return Path("/proc/self/smaps_rollup").exists()


def of_children(pid: int) -> dict[int, int]:
    """Child of the process -> the proportional set size (PSS) of its anonymous memory in KiB; see
    https://docs.kernel.org/filesystems/proc.html. Without the one that guards frozen processes."""
    functions = (child for child in sorted(_children(pid)) if not _is_guard(child))
    return {child: _pss_kib(child) for child in functions}


def mistakes(warm: Mapping[int, int], end: Mapping[int, int]) -> Iterator[str]:
    """Yield where more is held than may be: by a process beside the fullest of the warm ones,
    since all run the same code and some have had fewer calls by then; and by all of them
    together."""
    most = GROWTH * max(warm.values())
    for pid in warm:
        if pid not in end:
            yield f"process {pid} has ended"
        elif end[pid] > most:
            yield f"process {pid} holds {end[pid]:,} KiB, and no warm one more than {most:,.0f}"
    before, after = sum(warm.values()), sum(end.get(pid, 0) for pid in warm)
    if after > GROWTH * before:
        yield f"all processes hold {after:,} KiB together, after {before:,} when they were warm"


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _is_guard(pid: int) -> bool:
    return freezer.__file__.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()


def _pss_kib(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    match = re.search(r"^Pss_Anon:\s+(\d+) kB", text, re.MULTILINE)
    assert match is not None
    return int(match[1])
