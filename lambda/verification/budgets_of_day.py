"""The nightly check of budgets: once the hour after a day (UTC) is verified, the day's counters are
compared with the sealed hours, and what came of it is sealed with them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.budgets.item import KEY, Item
from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.verification.budget_check import (
    EDGE,
    charges_of,
    check_budgets,
    first_needed,
)
from claude_bedrock.verification.coverage import readable
from claude_bedrock.verification.evidence_bucket import (
    HOURLY,
    EvidenceBucket,
    SealedFile,
    before,
    is_of_hours,
)
from claude_bedrock.verification.finding import Finding
from claude_bedrock.verification.period import Period
from verification.report import reason

ReadItems = Callable[[], Mapping[str, Item]]
"""Returns the items of the table by subject. Raises botocore's errors."""
_LAST_MOMENT: Final = timedelta(seconds=1)


class DayCheck(NamedTuple):
    """What is sealed of a check, and its findings that no file has yet; nothing in an hour in which
    none is due."""

    entries: Sequence[Mapping[str, Any]] = ()
    findings: Sequence[Finding] = ()


def check_day(
    read_items: ReadItems | None,
    evidence: EvidenceBucket,
    last: Mapping[str, Any],
    last_period: Period,
) -> DayCheck:
    """Return the check of the day that ended EDGE before the end of `last_period`, where one did.
    `last` is the first entry of what is about to be sealed of that time. Where the table or the
    evidence cannot be read, what is sealed says so."""
    day_end = last_period.until - EDGE
    if read_items is None or (day_end.hour, day_end.minute) != (0, 0):
        return DayCheck()
    about = {"kind": "budgets", "until": f"{day_end:%Y-%m-%dT%H:%M:%SZ}"}
    try:
        items = read_items()
        files = list(_files(evidence, first_needed(day_end), last_period.since))
    except (ClientError, BotoCoreError) as error:
        return DayCheck([{**about, "because": f"they could not be read: {reason(error)}"}])
    hours = [
        *(charges_of(file.entries[0], file.since, file.until) for file in files),
        charges_of(last, last_period.since, last_period.until),
    ]
    check = check_budgets(hours, items, day_end, last_period.now)
    sealed = {entry["finding"]["id"] for file in files for entry in _findings(file)}
    findings = [finding for finding in check.findings if finding.id not in sealed]
    entries = [{"kind": "finding", "finding": finding.as_data()} for finding in findings]
    return DayCheck([{**about, **check.entry()}, *entries], findings)


def read_items(dynamodb: Any, table: str) -> Mapping[str, Item]:  # noqa: ANN401 - made at run time
    """Return the items of a table of budgets by subject, through boto3's client of DynamoDB. Raises
    botocore's errors."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return {content[KEY]["S"]: content for page in pages for content in page["Items"]}


def _files(evidence: EvidenceBucket, since: datetime, until: datetime) -> Iterator[SealedFile]:
    """Yield the files of hours that begin between the two times and hold."""
    names = list(evidence.listed(HOURLY, before(since)))
    keys = [key for key in names if is_of_hours(key, until - _LAST_MOMENT)]
    for _, file in each_in_order(partial(readable, evidence), keys):
        if isinstance(file, SealedFile):
            yield file


def _findings(file: SealedFile) -> Iterator[Mapping[str, Any]]:
    return (entry for entry in file.entries if entry.get("kind") == "finding")
