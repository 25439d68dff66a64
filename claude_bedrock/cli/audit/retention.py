"""The retention of what was written on the window's first day, against the stage's number of
days."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from botocore.exceptions import ClientError

from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.statement import Judgment, Statement, Verdict, pass_if, stated
from claude_bedrock.cli.doctor.check import code_of
from claude_bedrock.cli.retention import locations
from claude_bedrock.cli.retention.locations import Destination, Outcome, withheld
from claude_bedrock.cli.retention.report import NOT_ENFORCED
from claude_bedrock.retention.parse_aws import read_lock

SIX_MONTHS: Final = 184
"""Days of the longest six months, March to August."""
_ID: Final = "kept-six-months"
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
    """`statement` is on the stage's number of days, `six_months` on what Articles 19 and 26(6) of
    the EU AI Act ask of logs of high-risk systems. `object_lock` says in a sentence whether the
    records' bucket locks new objects."""

    day: date
    days: int
    locations: Sequence[Location]
    note: str
    statement: Statement
    six_months: Statement
    object_lock: str = ""

    @property
    def statements(self) -> tuple[Statement, Statement]:
        return self.statement, self.six_months


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
        f"By today's rules, every store keeps what was written on {day} at least {days} days",
        "logs:DescribeLogGroups, s3:GetLifecycleConfiguration and kms:DescribeKey",
        ask,
    )
    rows = tuple(_location(destination, days) for destination in destinations)
    note = NOT_ENFORCED if deployment.is_embedded else ""
    return Retention(
        day,
        days,
        rows,
        note,
        statement,
        six_months(destinations, day, days, statement),
        _object_lock(deployment),
    )


def _object_lock(deployment: RecordingDeployment) -> str:
    """Return whether new objects of the records' bucket are locked, in a sentence:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html"""
    bucket = deployment.outputs("InvocationLogging")["LogBucketName"]
    try:
        answer = deployment.client("s3").get_object_lock_configuration(Bucket=bucket)
    except ClientError as error:
        if code_of(error) == "ObjectLockConfigurationNotFoundError":
            return "Off: a version can be deleted by its id."
        return f"Not assessed: {withheld(error, 's3:GetBucketObjectLockConfiguration')}."
    lock = read_lock(answer.get("ObjectLockConfiguration", {}))
    if lock is None:
        return "On without a default: S3 locks only objects that someone locks one by one."
    return f"New objects are locked {lock.days} days, in {lock.mode.lower()} mode."


def six_months(
    destinations: Sequence[Destination], day: date, days: int, kept: Statement
) -> Statement:
    """Return the statement on six months, which rests on the answers of `kept`; it does not apply
    to a stage that keeps records for less.

    https://eur-lex.europa.eu/eli/reg/2024/1689/oj"""
    claim = f"By today's rules, every store keeps what was written on {day} at least six months"
    if days < SIX_MONTHS:
        words = (
            f"The stage keeps records {days} days. If Article 19 or 26(6) of the EU AI Act applies "
            "to you, set `logging.retention_days` to 365 or more."
        )
        return Statement(_ID, claim, "not assessed", words, kept.answers, applies=False)
    judgment = _judge(destinations, SIX_MONTHS) if destinations else Judgment(*kept[2:4])
    return Statement(_ID, claim, *judgment, kept.answers)


def _judge(destinations: Sequence[Destination], days: int) -> Judgment:
    by = {
        outcome: [e.name for e in destinations if e.outcome(days) == outcome]
        for outcome in _VERDICTS
    }
    if by["too short"]:
        return Judgment("fail", f"Kept too short: {', '.join(by['too short'])}.")
    if by["unknown"]:
        return Judgment("not assessed", f"Not known: {', '.join(by['unknown'])}.")
    return pass_if(bool(destinations), f"{len(destinations)} stores.")


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
