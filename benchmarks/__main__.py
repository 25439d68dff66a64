"""The command line: `python -m benchmarks [calls|peers|records|joins|growth]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import (
    cold_start,
    environment,
    growth,
    joins,
    memory_and_size,
    page,
    peer_environments,
    plots,
    process_tree,
    records,
    report,
    throughput,
)
from benchmarks.environment import BenchmarkEnvironment
from benchmarks.metrics import Figure
from benchmarks.peer_environments import Peers
from benchmarks.processes import PROJECT
from benchmarks.scaling import Curve
from benchmarks.workload import BESIDE_PEERS, FULL, QUICK, Effort

Measures = Sequence[Callable[[BenchmarkEnvironment, Effort], Figure]]

_FEW_RECORDS, _A_MILLION = 10_000, 1_000_000
_CALLS: Measures = (
    *(cold_start.first_answer, cold_start.first_byte),
    *(
        throughput.json_call,
        throughput.call_in_session,
        throughput.call_under_budget,
        throughput.stream,
        throughput.native_stream,
        partial(throughput.paced_stream, 2),
        partial(throughput.paced_stream, 20),
        throughput.first_event,
        throughput.many_callers,
    ),
    *(
        memory_and_size.memory,
        memory_and_size.copies,
        memory_and_size.zip_size,
        memory_and_size.packages,
    ),
)
_WITH_PEERS: Measures = (
    *(cold_start.first_answer, throughput.json_call, throughput.stream, throughput.native_stream),
    *(partial(throughput.paced_stream, 2), partial(throughput.paced_stream, 20)),
    *(throughput.many_callers, memory_and_size.memory, memory_and_size.packages),
)


def main() -> None:
    arguments = _arguments()
    if not process_tree.available():
        sys.exit("The benchmarks read processor times from /proc, which only Linux has.")
    run = _Run(arguments.quick, arguments.write, arguments.joined)
    for part in [arguments.only] if arguments.only else ["calls", "records", "joins"]:
        getattr(run, part)()
    if arguments.json:
        arguments.json.write_text(json.dumps(run.results, indent=1) + "\n")


class _Run:
    """`docs`: the folder of the pages that are written anew, if any; `results`: all measures."""

    def __init__(self, quick: bool, docs: Path | None, joined: int) -> None:
        self._joined = _FEW_RECORDS if quick else joined
        self._quick = quick
        self._docs = docs
        self._machine = report.machine()
        self.results: dict[str, Any] = {"machine": self._machine}
        print(self._machine)

    def calls(self) -> None:
        text = self._figures(_CALLS, QUICK if self._quick else FULL, None)
        versions = f"boto3 {version('boto3')}"
        self._write("performance.md", "figures", "calls", f"Compared with {versions}.\n\n{text}")

    def peers(self) -> None:
        peers = peer_environments.installed()
        text = self._figures(_WITH_PEERS, QUICK if self._quick else BESIDE_PEERS, peers)
        self._write("performance.md", "peers", "peers", f"With {peers.versions}.\n\n{text}")

    def records(self) -> None:
        steps = list(records.measured(_FEW_RECORDS if self._quick else _A_MILLION))
        self.results["records"] = [step._asdict() for step in steps]
        table = report.aligned(records.rows(steps))
        print(f"\nRecords of a month\n\n{table}", flush=True)
        self._write("performance.md", "records", "records", table)

    def joins(self) -> None:
        polars = None if self._quick else peer_environments.interpreter("polars")
        steps = list(joins.measured(self._joined, polars))
        self.results["joins"] = [step._asdict() for step in steps]
        table = report.aligned(joins.rows(steps))
        print(f"\nThe join\n\n{table}", flush=True)
        self._write("growth.md", "joins", "joins", table)

    def growth(self) -> None:
        taken = list[Curve]()
        with environment.prepared() as prepared:
            for curve in growth.curves(prepared, growth.QUICK if self._quick else growth.FULL):
                taken.append(curve)
                print(f"\n{curve.title}\n\n{report.curve(curve)}", flush=True)
        self.results["curves"] = [item.as_json() for item in taken]
        self._plot(taken)

    def _figures(self, measures: Measures, effort: Effort, beside: Peers | None) -> str:
        """Measure and print each figure; return their tables."""
        figures = list[Figure]()
        with environment.prepared(beside) as prepared:
            for measure in measures:
                figures.append(measure(prepared, effort))
                print(f"\n{figures[-1].title}\n\n{report.table(figures[-1])}", flush=True)
        print(f"\n{report.judgments(figures)}", flush=True)
        self.results["figures"] = [figure.as_json() for figure in figures]
        return report.sections(figures)

    def _plot(self, curves: list[Curve]) -> None:
        if self._docs is None:
            return
        folder = self._docs / "performance"
        folder.mkdir(exist_ok=True)
        for curve in curves:
            (folder / f"{curve.name}.svg").write_text(plots.drawn(curve))
        self._write("growth.md", "curves", "growth", report.curves(curves))

    def _write(self, name: str, part: str, command: str, content: str) -> None:
        if self._docs is not None:
            source = f"`python -m benchmarks {command}`, {self._machine}"
            page.write(self._docs / name, part, f"{source}\n\n{content}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="CPU per call.")
    parts = ["calls", "peers", "records", "joins", "growth"]
    parser.add_argument("only", nargs="?", choices=parts, help="else calls, records and joins")
    parser.add_argument(
        "--joined", type=int, default=_A_MILLION, metavar="CALLS", help="how many calls are joined"
    )
    parser.add_argument("--quick", action="store_true", help="a trial run: its figures say nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every sample here")
    parser.add_argument(
        *("--write",),
        type=Path,
        nargs="?",
        const=PROJECT / "docs",
        metavar="FOLDER",
        help="write what was found into the pages of this folder (docs)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
