"""The check of what the drift detector last reported: log groups, bucket, key, delivery role and
logging configuration against what the stage set.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import Check, Topic, code_of
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.deployment import NoTargetError

TOPIC = Topic("drift detector")
_RUNS: Final = "DriftDetectorRuns"
_LOW_SEVERITY: Final = frozenset({"CatalogOutdated"})
"""Of the catalog, which is no part of the record."""
_OVERDUE_AFTER: Final = timedelta(hours=1)
_MOST_DIFFERENCES: Final = 5


class Run(NamedTuple):
    """A run of the function: the metrics that it counted, and what it says of each difference."""

    at: datetime
    counts: Mapping[str, float]
    differences: tuple[str, ...]


def check(account: Account) -> list[Check]:
    return [TOPIC.run("logs:FilterLogEvents", lambda: _check(account))]


def _check(account: Account) -> Check:
    try:
        deployed_at = account.deployment.created("InvocationLogging")
    except NoTargetError:
        return TOPIC.skipped("nothing is deployed yet")
    group, now = f"/claude-on-bedrock/{account.deployment.stage}/drift-detector", datetime.now(UTC)
    pages = account.client("logs").get_paginator("filter_log_events")
    since = int((now - _OVERDUE_AFTER).timestamp() * 1000)
    try:
        events = [
            event
            for page in pages.paginate(logGroupName=group, startTime=since)
            for event in page["events"]
        ]
    except ClientError as error:
        if (code := code_of(error)) == "ResourceNotFoundException":
            return TOPIC.failed(f"log group {group} does not exist", _runbook("RetentionShortened"))
        if code.startswith("KMS"):
            return TOPIC.failed(
                f"log group {group} cannot be read, since its KMS key cannot be used: {code}",
                _runbook("KmsKeyUnusable"),
            )
        raise
    return judge(newest_run(events), is_new=now - deployed_at < _OVERDUE_AFTER)


def newest_run(events: Iterable[Mapping[str, Any]]) -> Run | None:
    """Return the run that the log events tell of last; None where they tell of none."""
    newest: Run | None = None
    differences: list[str] = []
    for event in sorted(events, key=lambda event: event["timestamp"]):
        line = _object(event["message"])
        if line.get("message") == "drift":
            differences.append(str(line.get("drift", {}).get("what", "")))
        elif _RUNS in line:
            at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
            newest = Run(at, _counts(line), tuple(differences))
            differences = []
    return newest


def _object(text: str) -> Mapping[str, Any]:
    """Return a line of the log as an object; an empty one for any other line."""
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


def _counts(line: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics of a line in the embedded metric format: a number, or a list of them."""
    values = {name: value if isinstance(value, list) else [value] for name, value in line.items()}
    return {
        name: sum(numbers)
        for name, numbers in values.items()
        if all(isinstance(number, int | float) for number in numbers)
    }


def judge(run: Run | None, *, is_new: bool) -> Check:
    """Judge the newest run of the last hour. `is_new` says that the stage is younger than that."""
    if run is None:
        if is_new:
            return TOPIC.skipped("cannot tell yet: it has not run yet; it runs every 15 minutes")
        return TOPIC.failed("it has not run for an hour", _runbook("DriftDetectorNotRunning"))
    alarms = sorted(name for name, count in run.counts.items() if count and name != _RUNS)
    if not alarms:
        return TOPIC.ok(f"all is as the stage set it, at {run.at:%H:%M} UTC")
    named = "; ".join(run.differences[:_MOST_DIFFERENCES])
    more = len(run.differences) - _MOST_DIFFERENCES
    result = f"at {run.at:%H:%M} UTC: {named}{f'; and {more} more' if more > 0 else ''}"
    report = TOPIC.warning if _LOW_SEVERITY.issuperset(alarms) else TOPIC.failed
    return report(result, "; ".join(_runbook(name) for name in alarms))


def _runbook(alarm: str) -> str:
    return f"follow docs/runbooks/{alarm}.md"
