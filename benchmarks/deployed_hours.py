"""The verification of busy hours by the deployed function, in the embedded AWS.

A stage is deployed there, hours are filled through S3 and CloudWatch Logs, and the function runs as
its schedule runs it. One hour has all calls, and is verified with the timeout that is deployed. In
a second stage the timeout is cut until an hour of a fiftieth of the calls does not fit, which is
then sealed as not verified; the next hour is verified with the deployed timeout again.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from botocore.config import Config
from rich.console import Console

from benchmarks.cpu import own_ms
from benchmarks.hour_load import DELAY_MS, HourLoad, LoadSize
from benchmarks.memory import peak_bytes
from benchmarks.process_tree import tree
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.record_sources import destinations_of
from claude_bedrock.records.invocation_records import STREAM
from demo.sample_evidence import Made, seal
from demo.sample_month import Bucket, Month
from local.aws.event_batches import batches
from local.run.instance import instance
from local.run.options import Options
from local.run.progress import Steps

STAGE: Final = "busy"
LOAD: Final = LoadSize(100_000, 50_000)
QUICK: Final = LoadSize(1_000, 50_000)
_BLOCK: Final = {
    "region": "us-east-1",
    "models": {"allow": ["claude-haiku-4-5"], "geography": "global"},
    "callers": {"api_keys": ["default"]},
    "logging": {"keep_logs_on_destroy": False},
}
_HOUR: Final = timedelta(hours=1)
_DELAY: Final = timedelta(hours=1)
_FEWER: Final = 50
_TOO_SHORT_SECONDS: Final = 61
"""Less 60 that the function keeps for sealing: a second to start and to read."""
_SLICES: Final = 4
"""What is tried of an hour: all of it, 30, 15 and 5 minutes, as docs/growth.md has it."""
_AT_ONCE: Final = 200
_EVENT: Final = {"source": "aws.scheduler", "detail-type": "Scheduled Event"}
_HEAD: Final = (
    *("run", "timeout, s", "outcome", "s", "function, CPU s", "function, MiB, peak"),
    *("embedded AWS, CPU s", "embedded AWS, MiB, peak"),
)


class FunctionRun(NamedTuple):
    """A run of the function: its timeout in seconds, what it said of itself, seconds by the clock,
    processor time and the most memory of its process and of the embedded AWS. The process of a run
    that failed is gone."""

    timeout: int
    outcome: str
    seconds: float
    cpu_seconds: float | None
    peak_mib: float | None
    aws_cpu_seconds: float
    aws_peak_mib: float


def measured(load: LoadSize) -> Iterator[FunctionRun]:
    """Yield the runs. Raise AssertionError unless the hours are sealed as they should be."""
    few = load._replace(calls=load.calls // _FEWER)
    for case in (partial(_verified_hour, load=load), partial(_too_large_hour, load=few)):
        yield from asyncio.run(_deployed(case))


async def _deployed(case: Callable[[Deployment], Iterable[FunctionRun]]) -> list[FunctionRun]:
    with tempfile.TemporaryDirectory(prefix="busy-hours-") as folder:
        stages = Path(folder, "stages.json")
        stages.write_text(json.dumps({STAGE: _BLOCK}))
        options = Options(STAGE, 0, 0, 0, Path(folder, "local"), stages)
        async with instance(options, Steps(Console(stderr=True))) as endpoint:
            stage = Deployment(endpoint.stage, endpoint.region, endpoint.aws_endpoint_url)
            return await asyncio.to_thread(lambda: list(case(stage)))


def rows(runs: Sequence[FunctionRun]) -> Sequence[Sequence[str]]:
    """Return a head, and one for each run."""
    return [_HEAD, *(_row(number, run) for number, run in enumerate(runs, 1))]


def _row(number: int, run: FunctionRun) -> Sequence[str]:
    return (
        *(f"{number}", f"{run.timeout}", run.outcome),
        *map(_figure, (run.seconds, run.cpu_seconds, run.peak_mib)),
        *map(_figure, (run.aws_cpu_seconds, run.aws_peak_mib)),
    )


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _verified_hour(stage: Deployment, load: LoadSize) -> Iterator[FunctionRun]:
    (hour,) = _filled(stage, load, 1)
    yield _expected(_Function(stage).run(None), f"{hour:%H:%M} verified: {load.calls:,} calls")


def _too_large_hour(stage: Deployment, load: LoadSize) -> Iterator[FunctionRun]:
    first, last = _filled(stage, load, 2)
    function = _Function(stage)
    for _ in range(_SLICES):
        yield _expected(function.run(_TOO_SHORT_SECONDS), "failed: the function's time was over")
    yield _expected(function.run(_TOO_SHORT_SECONDS), f"{first:%H:%M} not verified: ")
    yield _expected(function.run(None), f"{last:%H:%M} verified: {load.calls:,} calls")


def _expected(run: FunctionRun, outcome: str) -> FunctionRun:
    """Print the run, and return it. Raise AssertionError for another outcome."""
    print(run, flush=True)
    assert run.outcome.startswith(outcome), (run.outcome, outcome)
    return run


def _filled(stage: Deployment, load: LoadSize, number: int) -> Sequence[datetime]:
    """Fill the last hours that are due; return when each begins. The hour before is sealed."""
    until = (datetime.now(UTC) - _DELAY).replace(minute=0, second=0, microsecond=0)
    hours = [until - ago * _HOUR for ago in range(number, 0, -1)]
    seal(stage, Made([], [], []), hours[0] - _HOUR, 1)
    _fill(stage, load, hours)
    return hours


def _fill(stage: Deployment, load: LoadSize, hours: Sequence[datetime]) -> None:
    """Write the objects and log events of the hours' calls, in their order."""
    destinations = destinations_of(stage)
    month = Month(
        region=stage.region,
        bucket=destinations.bucket,
        prefix=destinations.prefix,
        caller_role=stage.outputs("Gateway")["CallerRoleArn"],
    )
    made, begins = HourLoad(load, month), [int(hour.timestamp()) for hour in hours]
    audit_group = stage.outputs("Gateway")["FunctionLogGroupName"]
    bucket = Bucket(stage.client("s3"), month.bucket)
    entries = _events(made, begins, made.audit_message)
    records = _events(made, begins, made.log_message)
    begun = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        tasks = (
            pool.submit(_put_objects, bucket, made, begins),
            pool.submit(_put, stage, audit_group, "busy", entries),
            pool.submit(_put, stage, destinations.log_group, STREAM, records),
        )
        for task in tasks:
            task.result()
    print(f"filled in {time.monotonic() - begun:.0f} s", flush=True)


def _put_objects(bucket: Bucket, load: HourLoad, begins: Sequence[int]) -> None:
    for begin in begins:
        for number in range(load.objects):
            bucket.put(load.key(begin, number), load.object(begin, number))


def _events(
    load: HourLoad, begins: Sequence[int], message: Callable[[int, int], str]
) -> Iterator[dict[str, Any]]:
    for begin in begins:
        for call in range(load.size.calls):
            at = load.at_ms(begin, call) + DELAY_MS
            yield {"timestamp": at, "message": message(begin, call)}


def _put(stage: Deployment, group: str, stream: str, events: Iterable[dict[str, Any]]) -> None:
    logs = stage.client("logs")
    where = {"logGroupName": group, "logStreamName": stream}
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(**where)
    waiting = iter(events)
    while some := list(islice(waiting, _AT_ONCE)):
        for batch in batches(some):
            logs.put_log_events(**where, logEvents=batch)


class _Function:
    """The stage's verification function, and the processes that run it and the embedded AWS."""

    def __init__(self, stage: Deployment) -> None:
        config = Config(read_timeout=1000, retries={"total_max_attempts": 1})
        self._lambda = stage.session.client(
            "lambda", endpoint_url=stage.endpoint_url, config=config
        )
        self._name = stage.outputs("InvocationLogging")["VerificationFunctionName"]
        deployed = self._lambda.get_function_configuration(FunctionName=self._name)
        self._timeout: int = deployed["Timeout"]

    def run(self, timeout: int | None) -> FunctionRun:
        """Run it as its schedule does, with a timeout other than the deployed one if there is
        one."""
        seconds = timeout or self._timeout
        self._lambda.update_function_configuration(FunctionName=self._name, Timeout=seconds)
        aws, begun, before = _embedded_aws(), time.monotonic(), _used()
        answer = self._lambda.invoke(FunctionName=self._name, Payload=json.dumps(_EVENT).encode())
        took, payload = time.monotonic() - begun, json.loads(answer["Payload"].read())
        after = _used()
        own = {pid: used - before.get(pid, 0) for pid, used in after.items() if pid != aws}
        busiest = max(own, key=lambda pid: own[pid])
        has_failed = "FunctionError" in answer
        return FunctionRun(
            timeout=seconds,
            outcome=_outcome(payload, failed=has_failed),
            seconds=took,
            cpu_seconds=None if has_failed else own[busiest],
            peak_mib=None if has_failed else peak_bytes(busiest) / (1 << 20),
            aws_cpu_seconds=after[aws] - before[aws],
            aws_peak_mib=peak_bytes(aws) / (1 << 20),
        )


def _outcome(payload: Any, *, failed: bool) -> str:  # noqa: ANN401 - JSON
    """Return what a run came to; of the slices of an hour, their sum."""
    if failed:
        return f"failed: {payload.get('errorMessage')}"
    if not payload:
        return "sealed none"
    begin, end = f"{_time(payload[0]['since'])}", f"{_time(payload[-1]['until'])}"
    if "because" in payload[0]:
        return f"{begin} not verified: {payload[0]['because']}"
    calls = sum(summary["counts"]["matched"] for summary in payload)
    return f"{begin} verified: {calls:,} calls, up to {end} in {len(payload)} files"


def _time(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%H:%M}"


def _embedded_aws() -> int:
    """Return the process of MiniStack, below which each function has one of its own."""
    name = b"local.embedded"
    return next(
        pid for pid in tree(os.getpid()) if name in Path(f"/proc/{pid}/cmdline").read_bytes()
    )


def _used() -> dict[int, float]:
    """Return the seconds of processor time of MiniStack and of each process below it."""
    return {pid: own_ms(pid) / 1000 for pid in tree(_embedded_aws())}
