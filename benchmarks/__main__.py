"""The command line: `python -m benchmarks [PART]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import (
    cold_start,
    deployed_hours,
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
    verified_hours,
)
from benchmarks.environment import BenchmarkEnvironment
from benchmarks.hour_load import LoadSize
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
_MESSAGES: Measures = (
    throughput.messages_stream,
    *(partial(throughput.paced_messages, 2), partial(throughput.paced_messages, 20)),
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
    run = _Run(arguments.quick, arguments.write, arguments.joined, arguments.load)
    for part in [arguments.only] if arguments.only else ["calls", "messages", "records", "joins"]:
        getattr(run, part)()
    if arguments.json:
        arguments.json.write_text(json.dumps(run.results, indent=1) + "\n")


class _Run:
    """`docs`: the folder of the pages that are written anew, if any; `results`: all measures."""

    def __init__(
        self, quick: bool, docs: Path | None, joined: int, loads: Sequence[LoadSize] | None
    ) -> None:
        self._joined = _FEW_RECORDS if quick else joined
        self._loads = loads
        self._quick = quick
        self._docs = docs
        self._machine = report.machine()
        self.results: dict[str, Any] = {"machine": self._machine}
        print(self._machine)

    def calls(self) -> None:
        text = self._figures(_CALLS, QUICK if self._quick else FULL, None)
        versions = f"boto3 {version('boto3')}"
        self._write("performance.md", "figures", "calls", f"Compared with {versions}.\n\n{text}")

    def messages(self) -> None:
        text = self._figures(_MESSAGES, QUICK if self._quick else FULL, None)
        self._write("performance.md", "messages", "messages", text)

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

    def hours(self) -> None:
        loads = verified_hours.QUICK if self._quick else verified_hours.LOADS
        hours = list[verified_hours.Verified]()
        for hour in verified_hours.measured(self._loads or loads):
            hours.append(hour)
            print(hour, flush=True)
        self.results["hours"] = [hour._asdict() for hour in hours]
        table = report.aligned(verified_hours.rows(hours))
        print(f"\nVerified hours\n\n{table}", flush=True)
        self._write("growth.md", "hours", "hours", table)

    def deployed(self) -> None:
        usual = deployed_hours.QUICK if self._quick else deployed_hours.LOAD
        (load,) = self._loads or [usual]
        runs = list(deployed_hours.measured(load))
        self.results["deployed"] = [run._asdict() for run in runs]
        table = report.aligned(deployed_hours.rows(runs))
        print(f"\nVerified hours of {load}, deployed\n\n{table}", flush=True)
        self._write("growth.md", "deployed", "deployed", table)

    def growth(self) -> None:
        with environment.prepared() as prepared:
            sizes = growth.QUICK if self._quick else growth.FULL
            self._curves("curves", "growth", growth.curves(prepared, sizes))
        self.months()

    def months(self) -> None:
        sizes = growth.QUICK if self._quick else growth.FULL
        self._curves("months", "months", growth.record_curves(sizes.records))

    def _figures(self, measures: Measures, effort: Effort, beside: Peers | None) -> str:
        """Measure and print each figure; return their tables."""
        figures = list[Figure]()
        with environment.prepared(beside) as prepared:
            for measure in measures:
                figures.append(measure(prepared, effort))
                print(f"\n{figures[-1].title}\n\n{report.table(figures[-1])}", flush=True)
        print(f"\n{report.judgments(figures)}", flush=True)
        self.results.setdefault("figures", []).extend(figure.as_json() for figure in figures)
        return report.sections(figures)

    def _curves(self, part: str, command: str, curves: Iterable[Curve]) -> None:
        taken = list[Curve]()
        for curve in curves:
            taken.append(curve)
            print(f"\n{curve.title}\n\n{report.curve(curve)}", flush=True)
        self.results.setdefault("curves", []).extend(item.as_json() for item in taken)
        if self._docs is None:
            return
        folder = self._docs / "performance"
        folder.mkdir(exist_ok=True)
        for curve in taken:
            (folder / f"{curve.name}.svg").write_text(plots.drawn(curve))
        self._write("growth.md", part, command, report.curves(taken))

    def _write(self, name: str, part: str, command: str, content: str) -> None:
        if self._docs is not None:
            source = f"`python -m benchmarks {command}`, {self._machine}"
            page.write(self._docs / name, part, f"{source}\n\n{content}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="CPU per call.")
    parts = ["calls", "messages", "peers", "records", "joins", "hours", "deployed"]
    parts += ["growth", "months"]
    parser.add_argument(
        "only", nargs="?", choices=parts, help="else calls, messages, records and joins"
    )
    parser.add_argument(
        "--joined", type=int, default=_A_MILLION, metavar="CALLS", help="how many calls are joined"
    )
    parser.add_argument(
        *("--load",),
        type=verified_hours.load,
        action="append",
        metavar="CALLS,BYTES[,RECORDS[,MINUTES]]",
        help="an hour to verify: its calls, bytes of a record, records of an object, minutes of it",
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
