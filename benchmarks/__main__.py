"""The command line: `python -m benchmarks [calls|records] [--quick] [--json FILE]`."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks import cpu, ground, measurements, records, report
from benchmarks.figures import Figure
from benchmarks.measurements import Effort

_FEW_RECORDS, _A_MILLION = 10_000, 1_000_000
_TAKEN = (measurements.cold_start, measurements.json_call, measurements.stream)


def main() -> None:
    arguments = _arguments()
    if not cpu.available():
        sys.exit("The benchmarks read processor times from /proc, which only Linux has.")
    effort = measurements.QUICK if arguments.quick else measurements.FULL
    machine, figures = report.machine(), list[Figure]()
    print(machine)
    if arguments.only != "records":
        figures = _calls(effort)
    if arguments.only != "calls":
        _records(_FEW_RECORDS if arguments.quick else _A_MILLION)
    if arguments.json:
        kept = {"machine": machine, "figures": [figure.as_json() for figure in figures]}
        arguments.json.write_text(json.dumps(kept, indent=1) + "\n")


def _calls(effort: Effort) -> list[Figure]:
    figures = list[Figure]()
    with ground.prepared() as prepared:
        for take in _TAKEN:
            figures.append(take(prepared, effort))
            print(f"\n{report.table(figures[-1])}", flush=True)
    return figures


def _records(calls: int) -> None:
    found = [each.row() for each in records.measured(calls)]
    print(f"\nRecords of a month\n\n{report.aligned([records.HEAD, *found])}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="CPU per call.")
    parser.add_argument("only", nargs="?", choices=["calls", "records"], help="else both")
    parser.add_argument("--quick", action="store_true", help="a trial run: its figures say nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every sample here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
