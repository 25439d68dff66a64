"""How much memory and time a million records take: made up, then asked and verified, each in a
process of its own. `python -m benchmarks.records STEP FOLDER` is one step."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks.memory import peak_bytes
from claude_bedrock.cli.usage import local_files
from claude_bedrock.cli.usage import rows as usage_rows
from claude_bedrock.cli.usage.totals import usage
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.records.window import Window
from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.principals import Principals
from claude_bedrock.verification.reconciliation import DESTINATIONS, Destination, Lookups, reconcile
from demo.sample_month import Folder, Month, hours

LIMIT_MIB = 1024
"""What a step is meant to stay under."""
FLOOR = "read"
"""The step that does nothing but read."""
_LINES = "audit-lines.jsonl.gz"
_MONTH = Month()
_SINCE = datetime(*_MONTH.first.timetuple()[:3], tzinfo=UTC)
_UNTIL = _SINCE + timedelta(days=_MONTH.days)


class Measured(NamedTuple):
    """`calls` that the step saw; seconds by the clock, and of processor time; MiB of memory at the
    most."""

    step: str
    calls: int
    seconds: float
    cpu_seconds: float
    peak_mib: float


_HEAD = ("", "calls", "s", "CPU s", f"x {FLOOR}", "MiB, peak", "reach", "")


def rows(steps: Sequence[Measured]) -> Sequence[Sequence[str]]:
    """Return a head, and one for each step, beside the floor in processor time."""
    (floor,) = [step.cpu_seconds for step in steps if step.step == FLOOR]
    return [_HEAD, *(_row(step, floor) for step in steps)]


def _row(step: Measured, floor: float) -> Sequence[str]:
    has_target = step.step != FLOOR
    reached = "reached" if step.peak_mib < LIMIT_MIB else "missed"
    return (
        *(step.step, f"{step.calls:,}", f"{step.seconds:.1f}", f"{step.cpu_seconds:.1f}"),
        *(f"{step.cpu_seconds / floor:.2f}", f"{step.peak_mib:.0f}"),
        *((f"< {LIMIT_MIB}", reached) if has_target else ("", "")),
    )


def measured(calls: int) -> Iterator[Measured]:
    """Yield each step in turn. Raise CalledProcessError where one fails, or sees other calls."""
    with tempfile.TemporaryDirectory(prefix="benchmarks-records-") as folder:
        for step in STEPS:
            command = [sys.executable, "-m", "benchmarks.records", step, folder, str(calls)]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
            yield Measured(**json.loads(output))


def generate(folder: Path, calls: int) -> int:
    store, made = Folder(folder), 0
    with gzip.open(folder / _LINES, "wt", compresslevel=1) as lines:
        for hour in hours(_MONTH._replace(calls=calls)):
            for key, content in hour.objects.items():
                store.put(key, content)
            lines.writelines(f"{json.dumps(line)}\n" for line in hour.audit_lines())
            made += len(hour.calls)
    return made


def read(folder: Path, _calls: int) -> int:
    """Return the number of records, read with the least Python: the floor."""
    count = 0
    for file in local_files.of_records(folder, _SINCE, _UNTIL):
        with gzip.open(file) as lines:
            count += sum(1 for _ in map(json.loads, lines))
    return count


def query_usage(folder: Path, _calls: int) -> int:
    from claude_bedrock.cli.usage import duckdb_engine  # noqa: PLC0415 - the other steps do without DuckDB

    files = local_files.of_records(folder, _SINCE, _UNTIL)
    answer = duckdb_engine.ask(usage_rows.question(_SINCE, _UNTIL), files)
    return usage(usage_rows.read(*answer), ["caller", "model", "day"], {}).total.calls


def verify(folder: Path, _calls: int) -> int:
    """As if both destinations held the same records."""
    end = _UNTIL.timestamp()
    outcome = reconcile(
        _audit_lines(folder),
        _records(folder),
        window=Window(_SINCE.timestamp(), end, end),
        bounds=AllowedRegions(_MONTH.region, None, _MONTH.routes, _MONTH.models),
        principals=Principals(_MONTH.gateway_arn),
        lookups=Lookups(
            stat=lambda _: ObjectStat(1, "the same"),
            read_body=lambda _: None,
            find_requests=_no_one,
        ),
    )
    assert not outcome.findings
    return outcome.counts.matched


def _no_one(ids: Collection[str]) -> Mapping[str, str]:
    raise AssertionError(f"{len(ids)} records without an audit entry")


STEPS: Mapping[str, Callable[[Path, int], int]] = {
    "generate": generate,
    FLOOR: read,
    "usage": query_usage,
    "verify": verify,
}


def _audit_lines(folder: Path) -> Iterator[LogItem]:
    with gzip.open(folder / _LINES) as lines:
        for line in lines:
            at, audit = json.loads(line)
            yield LogItem(_LINES, at, audit)


def _records(folder: Path) -> Iterator[tuple[Destination, LogItem]]:
    files = local_files.of_records(folder, _SINCE, _UNTIL)
    for destination in DESTINATIONS:
        for file in files:
            with gzip.open(file) as lines:
                for line in lines:
                    yield destination, LogItem(str(file), 0, json.loads(line))


def _step(step: str, folder: Path, calls: int) -> Measured:
    begun = time.monotonic()
    counted = STEPS[step](folder, calls)
    assert counted == calls
    seconds = time.monotonic() - begun
    return Measured(
        step, counted, seconds, time.process_time(), peak_bytes(os.getpid()) / (1 << 20)
    )


if __name__ == "__main__":
    name, where, count = sys.argv[1:]
    sys.stdout.write(json.dumps(_step(name, Path(where), int(count))._asdict()))
