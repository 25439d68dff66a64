"""Whether what was written on the window's first day is kept as long as the stage says."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from claude_bedrock.cli.audit.recorded_responses import Witnessed
from claude_bedrock.cli.audit.statement import Found, Statement, Verdict, pass_if, stated
from claude_bedrock.cli.retention import locations
from claude_bedrock.cli.retention.locations import Destination, Outcome
from claude_bedrock.cli.retention.report import NOT_ENFORCED

_VERDICTS: dict[Outcome, Verdict] = {
    "ok": "pass",
    "too short": "fail",
    "unknown": "not assessed",
}


class Place(NamedTuple):
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
    places: Sequence[Place]
    note: str
    statement: Statement


def look(witnessed: Witnessed, day: date, days: int) -> Retention:
    """`days` is the stage's number. Raises NoTargetError."""
    found: list[Destination] = []

    def ask() -> Found:
        found.extend(locations.look(witnessed, day))
        return _judge(found, days)

    statement = stated(
        witnessed,
        "kept",
        f"Every place keeps what was written on {day} at least {days} days",
        "logs:DescribeLogGroups, s3:GetLifecycleConfiguration and kms:DescribeKey",
        ask,
    )
    note = NOT_ENFORCED if witnessed.is_embedded else ""
    return Retention(day, days, tuple(_place(each, days) for each in found), note, statement)


def _judge(found: Sequence[Destination], days: int) -> Found:
    by = {outcome: [e.name for e in found if e.outcome(days) == outcome] for outcome in _VERDICTS}
    if by["too short"]:
        return Found("fail", f"Kept too short: {', '.join(by['too short'])}.")
    if by["unknown"]:
        return Found("not assessed", f"Not known: {', '.join(by['unknown'])}.")
    return pass_if(bool(found), f"{len(found)} places, by the rules that are in force now.")


def _place(each: Destination, days: int) -> Place:
    verdict = _VERDICTS[each.outcome(days)]
    if each.kept is None:
        return Place(each.name, verdict, each.unknown, None, "", "")
    first, last = (
        moment.isoformat() if moment else "" for moment in (each.kept.first, each.kept.last)
    )
    return Place(each.name, verdict, each.kept.rule, each.kept.days, first, last)
