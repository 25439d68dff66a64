"""The descendants of a process, as Linux lists them."""

from collections.abc import Iterator
from pathlib import Path


def available() -> bool:
    """Return whether this system tells one process about another (Linux does)."""
    return Path("/proc/self/smaps_rollup").exists()


def tree(pid: int) -> Iterator[int]:
    """`pid` and its living descendants. Raises ProcessLookupError when it is gone."""
    if not Path(f"/proc/{pid}").exists():
        raise ProcessLookupError(pid)
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from tree(int(child))
