"""The memory that a process holds, and the most that it held: proc(5)."""

from pathlib import Path

from benchmarks.process_tree import tree

_RESET_PEAK = "5"


def proportional_mib(pid: int) -> float:
    """PSS of `pid` and its descendants, in MiB: a page that others hold too counts in part."""
    rollups = (Path(f"/proc/{process_id}/smaps_rollup").read_text() for process_id in tree(pid))
    return sum(_kib(rollup, "Pss") for rollup in rollups) / 1024


def resident_bytes(pid: int) -> int:
    """Return what `pid` alone holds now."""
    return _kib(_status(pid), "VmRSS") * 1024


def forget_peak(pid: int) -> None:
    """The peak begins anew, at what the process holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK)


def peak_bytes(pid: int) -> int:
    """Return the most that `pid` alone has held since its peak was forgotten; the kernel keeps it,
    so no moment is missed."""
    return _kib(_status(pid), "VmHWM") * 1024


def _status(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text()


def _kib(lines: str, name: str) -> int:
    return next(int(line.split()[1]) for line in lines.splitlines() if line.startswith(f"{name}:"))
