"""The command line: `python -m benchmarks [--quick] [--json FILE]`."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks import cpu, ground, measurements, report
from benchmarks.figures import Figure

_TAKEN = (measurements.cold_start, measurements.json_call, measurements.stream)


def main() -> None:
    arguments = _arguments()
    if not cpu.available():
        sys.exit("The benchmarks read processor times from /proc, which only Linux has.")
    effort = measurements.QUICK if arguments.quick else measurements.FULL
    machine, figures = report.machine(), list[Figure]()
    print(machine)
    with ground.prepared() as prepared:
        for take in _TAKEN:
            figures.append(take(prepared, effort))
            print(f"\n{report.table(figures[-1])}", flush=True)
    if arguments.json:
        kept = {"machine": machine, "figures": [figure.as_json() for figure in figures]}
        arguments.json.write_text(json.dumps(kept, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="CPU per call.")
    parser.add_argument("--quick", action="store_true", help="a trial run: its figures say nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every sample here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
