"""The command line: `python -m tools.load.soak [--calls N] [--callers N]`."""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from claude_bedrock.verification.finding import Counts
from tools.load.soak import memory
from tools.load.soak.run import Effort, Soaked, soak

FULL = Effort(calls=100_000, callers=32, slots=8, warm_up=3_000)
_MAX_ROWS = 20


def main() -> int:
    """0 where every count agrees and no process has grown."""
    if not memory.available():
        sys.exit("The soak reads the memory of processes from /proc, which only Linux has.")
    console = Console()
    soaked = soak(_effort(), console.print)
    console.print(_ends(soaked))
    for line in report(soaked):
        console.print(line, highlight=False, soft_wrap=True)
    mistakes = soaked.mistakes()
    for mistake in mistakes[:_MAX_ROWS]:
        console.print(f"MISTAKE: {mistake}", markup=False, highlight=False)
    console.print(f"{len(mistakes)} mistakes")
    return int(bool(mistakes))


def report(soaked: Soaked) -> list[str]:
    """The three counts, what the reconciliation says, and the memory."""
    tally, warm, end = soaked.account, soaked.warm, soaked.end
    upstream = f"{tally.upstream:,}"
    same = {pid: kib for pid, kib in end.items() if pid in warm}
    return [
        f"{tally.calls:,} calls in {soaked.seconds:.0f} s, {tally.lines:,} audit lines",
        f"{tally.requested:,} requests of Bedrock by the audit lines, {upstream} by its count",
        f"verify: {len(tally.verified.findings)} findings; {_counted(tally.verified.counts)}",
        f"memory of {len(warm)} processes: {_mib(warm)} warm, {_mib(same)} at the end",
        f"the fullest held {max(warm.values()):,} KiB, and {max(same.values()):,} at the end",
    ]


def _counted(counts: Counts) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts._asdict().items() if count)


def _mib(processes: dict[int, int]) -> str:
    return f"{sum(processes.values()) / 1024:.1f} MiB"


def _ends(soaked: Soaked) -> Table:
    table = Table("kind", "end", "status", "calls")
    for (kind, end, status), count in sorted(soaked.ends().items()):
        table.add_row(kind, end, str(status or ""), f"{count:,}")
    return table


def _effort() -> Effort:
    parser = argparse.ArgumentParser(prog="python -m tools.load.soak")
    parser.add_argument("--calls", type=int, default=FULL.calls)
    parser.add_argument("--callers", type=int, default=FULL.callers)
    parser.add_argument("--slots", type=int, default=FULL.slots, help="calls answered at a time")
    parser.add_argument("--warm-up", type=int, default=FULL.warm_up, help="calls for each process")
    return Effort(**vars(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
