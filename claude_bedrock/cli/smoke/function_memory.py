"""A check of the memory that Lambda reports of the gateway function."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from claude_bedrock.cli.smoke.check import Check, Finding, failed, not_assessed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject

_MOST: Final = 0.8
"""Of the memory. A body of 5 MB takes about 10 MB more than those of this run."""
_REPORT: Final = re.compile(
    r"Memory Size: (?P<size>\d+) MB\s+Max Memory Used: (?P<used>\d+) MB"
    r"(?:\s+Init Duration: (?P<init>[\d.]+) ms)?"
)


def judge_memory(subject: Subject) -> Finding:
    """Compare the most that the function used with what it has, over this run's calls."""
    since = min(subject.message.started_at, subject.large.started_at)
    reports = subject.wait_for(lambda: list(_reports(subject, since.timestamp())) or None)
    if reports is None:
        return not_assessed("The function's log group has no REPORT line of these calls yet.")
    size, used = (max(int(report[name]) for report in reports) for name in ("size", "used"))
    starts = [float(report["init"]) for report in reports if report["init"]]
    measured = {"memory_mb": size, "used_mb": used, "init_ms": starts, "calls": len(reports)}
    text = f"The function used {used} of {size} MB"
    if used > size * _MOST:
        return failed(f"{text}: raise endpoint.memory_mb.", **measured)
    return passed(f"{text}.", **measured)


def _reports(subject: Subject, since: float) -> Iterator[Mapping[str, Any]]:
    paginator = subject.client("logs").get_paginator("filter_log_events")
    pages = paginator.paginate(
        logGroupName=subject.output("Gateway", "FunctionLogGroupName"),
        filterPattern='"REPORT RequestId"',
        startTime=int(since * 1000),
    )
    for event in (event for page in pages for event in page["events"]):
        if report := _REPORT.search(event["message"]):
            yield report.groupdict()


CHECKS: Final = (
    Check(
        "memory",
        "The function's memory has room above what a large body takes.",
        "https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html",
        judge_memory,
        is_local=False,
    ),
)
