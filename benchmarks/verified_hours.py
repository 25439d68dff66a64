"""The cost of verifying one hour of a busy stage, by the calls in it and the size of their records.

`python -m benchmarks.verified_hours CALLS BYTES RECORDS MINUTES PORT` verifies it in a process of
its own, as the function does: by boto3 over HTTP, with the digests of what it reads, and with the
load going on before and after the hour. A stand-in answers for S3 and CloudWatch Logs, whose time
is not counted; TLS, KMS and the writing of evidence are left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from benchmarks.hour_load import BUCKET, MONTH, LoadSize
from benchmarks.load_service import AUDIT_GROUP, RECORD_GROUP
from benchmarks.memory import peak_bytes
from benchmarks.processes import Measured

LOADS: Final = (
    *(LoadSize(calls, 2_000) for calls in (10_000, 100_000)),
    LoadSize(10_000, 2_000, minutes=5),
    *(LoadSize(calls, 20_000) for calls in (10_000, 100_000)),
    *(LoadSize(calls, 100_000) for calls in (10_000, 30_000)),
    LoadSize(25_000, 2_000, per_object=1),
)
"""What a run measures by itself: more calls take an hour or more."""
QUICK: Final = (LoadSize(60, 2_000, per_object=1, minutes=30),)
_SINCE: Final = datetime(2026, 11, 2, 10, tzinfo=UTC)
_DELAY: Final = timedelta(hours=1)
_HEAD: Final = (
    *("calls an hour", "bytes a record", "records an object", "minutes verified"),
    *("CPU s", "CPU µs a call", "MiB, peak"),
)


class Verified(NamedTuple):
    """`seconds` by the clock, `cpu_seconds` of processor time, MiB of memory at the most."""

    calls: int
    record_bytes: int
    per_object: int
    minutes: int
    seconds: float
    cpu_seconds: float
    peak_mib: float


def measured(loads: Sequence[LoadSize]) -> Iterator[Verified]:
    """Yield the cost of verifying each load. Raise CalledProcessError where one has a finding."""
    for item in loads:
        size = [str(value) for value in item]
        service = Measured([sys.executable, "-m", "benchmarks.load_service", *size], {}, talks=True)
        try:
            port = service.request("")
            command = [sys.executable, "-m", "benchmarks.verified_hours", *size, port]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        finally:
            service.close()
        yield Verified(*item, **json.loads(output))


def load(text: str) -> LoadSize:
    """Return the load of `CALLS,BYTES[,RECORDS[,MINUTES]]`. Raise ValueError or TypeError."""
    return LoadSize(*map(int, text.split(",")))


def rows(hours: Sequence[Verified]) -> Sequence[Sequence[str]]:
    """Return a head, and one for each hour."""
    return [_HEAD, *map(_row, hours)]


def _row(hour: Verified) -> Sequence[str]:
    return (
        *(f"{hour.calls:,}", f"{hour.record_bytes:,}", f"{hour.per_object:,}"),
        *(f"{hour.minutes}", f"{hour.cpu_seconds:.1f}"),
        *(f"{hour.cpu_seconds / hour.calls * 1e6:,.0f}", f"{hour.peak_mib:.0f}"),
    )


def verify(load: LoadSize, port: str) -> Mapping[str, float]:
    """Verify the hour, or the first minutes of it; return what it cost this process. Raises
    AssertionError for a finding."""
    from claude_bedrock.verification import run  # noqa: PLC0415 - its imports count
    from claude_bedrock.verification.hour_digests import HourDigests  # noqa: PLC0415
    from claude_bedrock.verification.period import Period  # noqa: PLC0415
    from claude_bedrock.verification.read_budget import RESERVE_MS, Budget  # noqa: PLC0415

    begun, until = time.monotonic(), _SINCE + timedelta(minutes=load.minutes)
    period = Period(_SINCE, until, _DELAY, until + _DELAY + timedelta(minutes=5))
    with HourDigests(period.since, period.until) as digests:
        budget = Budget(lambda: RESERVE_MS)
        result = run.run(_stage(port), period, by="a benchmark", budget=budget, digests=digests)
        digests.objects.finish()
        digests.records.finish()
    assert not result.outcome.findings, result.outcome.findings[:3]
    matched = -(-load.calls * load.minutes // 60)
    assert result.outcome.counts.matched == matched, result.outcome.counts
    return {
        "seconds": time.monotonic() - begun,
        "cpu_seconds": time.process_time(),
        "peak_mib": peak_bytes(os.getpid()) / (1 << 20),
    }


def _stage(port: str) -> Any:  # noqa: ANN401 - a Stage, whose module is imported late
    """Return the stage of the load, read as lambda/verification/handler.py reads one."""
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    from claude_bedrock.records import audit_lines  # noqa: PLC0415
    from claude_bedrock.records.destinations import Destinations  # noqa: PLC0415
    from claude_bedrock.records.fetch import AT_ONCE  # noqa: PLC0415
    from claude_bedrock.records.invocation_records import Records  # noqa: PLC0415
    from claude_bedrock.verification.allowed_regions import AllowedRegions  # noqa: PLC0415
    from claude_bedrock.verification.principals import Principals  # noqa: PLC0415
    from claude_bedrock.verification.run import Stage  # noqa: PLC0415
    from demo.sample_call import ACCOUNT  # noqa: PLC0415

    config = Config(max_pool_connections=AT_ONCE, s3={"addressing_style": "path"})
    session = boto3.Session("an-id", "a-secret", region_name=MONTH.region)
    make = partial(session.client, config=config, endpoint_url=f"http://127.0.0.1:{port}")
    logs, s3 = make("logs"), make("s3")
    destinations = Destinations(ACCOUNT, MONTH.region, RECORD_GROUP, BUCKET)
    return Stage(
        name="bench",
        account=ACCOUNT,
        region=MONTH.region,
        bounds=AllowedRegions(MONTH.region, None, MONTH.routes, MONTH.models),
        principals=Principals(MONTH.gateway_arn),
        audit_lines=partial(audit_lines.written, logs, AUDIT_GROUP),
        find_requests=_refuse,
        records=Records(destinations, logs=logs, s3=s3),
    )


def _refuse(ids: Collection[str], _since: datetime, _until: datetime) -> Mapping[str, str]:
    raise AssertionError(f"{len(ids)} records without an audit entry")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(verify(LoadSize(*map(int, sys.argv[1:5])), sys.argv[5])))
