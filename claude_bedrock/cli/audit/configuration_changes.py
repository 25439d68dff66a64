"""Changes of the logging configuration, by CloudTrail's own history of management events.

It answers for 90 days: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.statement import Judgment, Statement, stated
from claude_bedrock.verification.hours import iso
from claude_bedrock.verification.period import Period

CHANGES: Final = (
    "PutModelInvocationLoggingConfiguration",
    "DeleteModelInvocationLoggingConfiguration",
)
_EVENT_RETENTION: Final = timedelta(days=90)
_CLAIM: Final = (
    "CloudTrail has no change of the logging configuration in the window but by the stage's roles"
)


class Change(NamedTuple):
    """`at` is ISO 8601 in UTC; `by` an ARN; `refused` the error that AWS answered, if it did."""

    at: str
    what: str
    by: str
    source_ip: str
    refused: str
    event_id: str


class History(NamedTuple):
    changes: Sequence[Change]
    statement: Statement


def collect_changes(deployment: RecordingDeployment, period: Period) -> History:
    changes: list[Change] = []

    def ask() -> Judgment:
        if deployment.is_embedded:
            return Judgment(
                "not assessed", "The embedded AWS of local mode keeps no management events."
            )
        changes.extend(list(_changes(deployment, period)))  # all or none
        return judge(changes, deployment.roles("InvocationLogging"), period)

    action = "cloudtrail:LookupEvents and cloudformation:ListStackResources"
    statement = stated(deployment, "logging-unchanged", _CLAIM, action, ask)
    return History(tuple(sorted(changes)), statement)


def judge(changes: Sequence[Change], roles: Collection[str], period: Period) -> Judgment:
    """Judge the changes; `roles` are the names of those by which the stage's deployment makes its
    own."""
    made = [change for change in changes if not change.refused]
    foreign = [change for change in made if not _is_of(change.by, roles)]
    if foreign:
        names = ", ".join(dict.fromkeys(change.by for change in foreign))
        return Judgment("fail", f"{len(foreign)} of {len(made)} changes were made by {names}.")
    words = f"{len(made)} changes, all by the stage's own deployment." if made else "No change."
    if period.since < period.now - _EVENT_RETENTION:
        first = period.now - _EVENT_RETENTION
        return Judgment(
            "not assessed", f"CloudTrail answers from {first:%Y-%m-%d} on only: {words}"
        )
    return Judgment("pass", words)


def _is_of(arn: str, roles: Collection[str]) -> bool:
    return arn.partition(":assumed-role/")[2].partition("/")[0] in roles


def _changes(deployment: RecordingDeployment, period: Period) -> Iterator[Change]:
    pages = deployment.client("cloudtrail").get_paginator("lookup_events")
    for name in CHANGES:
        event_pages = pages.paginate(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}],
            StartTime=period.since,
            EndTime=period.until,
        )
        for event in (event for page in event_pages for event in page["Events"]):
            yield change(event)


def change(event: Mapping[str, Any]) -> Change:
    """Return the change in an event of LookupEvents."""
    details = json.loads(event["CloudTrailEvent"])
    at: datetime = event["EventTime"]
    return Change(
        at=iso(at, "seconds"),
        what=event["EventName"],
        by=details.get("userIdentity", {}).get("arn", event.get("Username", "")),
        source_ip=details.get("sourceIPAddress", ""),
        refused=details.get("errorCode", ""),
        event_id=event["EventId"],
    )
