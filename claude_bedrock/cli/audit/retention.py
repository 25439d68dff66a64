"""The retention of what was written on the window's first day, against the stage's number of
days."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.statement import Judgment, Statement, Verdict, pass_if, stated
from claude_bedrock.cli.retention import locations
from claude_bedrock.cli.retention.locations import Destination, Outcome
from claude_bedrock.cli.retention.report import NOT_ENFORCED

_VERDICTS: dict[Outcome, Verdict] = {
    "ok": "pass",
    "too short": "fail",
    "unknown": "not assessed",
}


class Location(NamedTuple):
    """Moments are ISO 8601 in UTC, empty for never; `days` is None for no end."""

    name: str
    verdict: Verdict
    rule: str
    days: int | None
    first: str
    last: str


class Retention(NamedTuple):
    day: date
    days: int
    locations: Sequence[Location]
    note: str
    statement: Statement


def collect_retention(deployment: RecordingDeployment, day: date, days: int) -> Retention:
    """Return the retention of every location; `days` is the stage's number. Raises
    NoTargetError."""
    destinations: list[Destination] = []

    def ask() -> Judgment:
        destinations.extend(locations.list_locations(deployment, day))
        return _judge(destinations, days)

    statement = stated(
        deployment,
        "kept",
        f"Every place keeps what was written on {day} at least {days} days",
        "logs:DescribeLogGroups, s3:GetLifecycleConfiguration and kms:DescribeKey",
        ask,
    )
    rows = tuple(_location(destination, days) for destination in destinations)
    note = NOT_ENFORCED if deployment.is_embedded else ""
    return Retention(day, days, rows, note, statement)


def _judge(destinations: Sequence[Destination], days: int) -> Judgment:
    by = {
        outcome: [e.name for e in destinations if e.outcome(days) == outcome]
        for outcome in _VERDICTS
    }
    if by["too short"]:
        return Judgment("fail", f"Kept too short: {', '.join(by['too short'])}.")
    if by["unknown"]:
        return Judgment("not assessed", f"Not known: {', '.join(by['unknown'])}.")
    return pass_if(
        bool(destinations), f"{len(destinations)} places, by the rules that are in force now."
    )


def _location(destination: Destination, days: int) -> Location:
    verdict = _VERDICTS[destination.outcome(days)]
    if destination.retention is None:
        return Location(destination.name, verdict, destination.unknown, None, "", "")
    first, last = (
        moment.isoformat() if moment else ""
        for moment in (destination.retention.first, destination.retention.last)
    )
    return Location(
        destination.name,
        verdict,
        destination.retention.rule,
        destination.retention.days,
        first,
        last,
    )
