"""The retention of an event in CloudWatch Logs: to the exact age, and then until it is cleaned up.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
"""

import datetime as dt
from typing import Final, NamedTuple

from claude_bedrock.retention.result import EarlyDeletionRisk, RetentionResult, after, of_day

_API: Final = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference"
SOURCES: Final = (f"{_API}/API_PutRetentionPolicy.html", f"{_API}/API_LogGroup.html")
DELAY: Final = "CloudWatch Logs takes up to 72 hours as a rule, rarely longer"

_SHORTENED: Final = EarlyDeletionRisk(
    "somebody shortens the retention (logs:PutRetentionPolicy, or for the whole account "
    "logs:PutAccountPolicy): it holds for what is already there",
    f"{_API}/API_PutRetentionPolicy.html",
)


AUDIT_MARGIN_DAYS: Final = 35
"""How much longer than `retention_days` the gateway's account of a call is kept. Records stay up to
7 days longer than that number in S3, and CloudWatch Logs may show an event for 72 hours after its
end: the entry that explains a record has to be there as long as any copy of the record, and for a
report of a month that is made in the weeks after it."""


class LogGroup(NamedTuple):
    """`retention_days` is what is in force, None without an end: DescribeLogGroups answers it, an
    account's policy reckoned in. Nothing can be deleted while `protected`.

    In a group of the class DELIVERY events live a day, whatever else is said of it. `key_arn` is
    empty where no KMS key encrypts it; `masked` is whether a data protection policy, of its own or
    of the account, hides parts of what is read."""

    retention_days: int | None
    protected: bool = False
    log_class: str = "STANDARD"
    key_arn: str = ""
    masked: bool = False


def audit_days(retention_days: int) -> int:
    """Return the days for which audit entries have to be kept, so that they outlive the records of
    a stage that keeps those `retention_days`."""
    return retention_days + AUDIT_MARGIN_DAYS


def retention_of(group: LogGroup, day: dt.date) -> RetentionResult:
    """Return the retention of the events of a day: age counts from an event's own time, not from
    its arrival."""
    start, end = of_day(day)
    days = 1 if group.log_class == "DELIVERY" else group.retention_days
    return RetentionResult(
        rule="no retention: kept until deleted" if days is None else f"{days} days of age",
        first=after(start, days),
        last=after(end, days),
        days=days,
        delay="" if days is None else DELAY,
        threats=(_deletion(protected=group.protected), _SHORTENED),
        sources=SOURCES,
    )


def _deletion(*, protected: bool) -> EarlyDeletionRisk:
    first = "switches deletion protection off and " if protected else ""
    return EarlyDeletionRisk(
        f"somebody {first}deletes the log group or a stream of it (logs:DeleteLogGroup, "
        "logs:DeleteLogStream)",
        f"{_API}/API_DeleteLogGroup.html",
    )
