"""The effect on encrypted bytes when their KMS key is disabled or deleted.

https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
"""

import datetime as dt
from typing import Final, NamedTuple

from claude_bedrock.retention.result import (
    EarlyDeletionRisk,
    RetentionResult,
    earliest,
    fewest,
    of_day,
)

DELETING: Final = "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"
STATES: Final = "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
SHORTEST_WAIT_DAYS: Final = 7
"""The least that ScheduleKeyDeletion takes:
https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html"""

DELAY: Final = "KMS takes up to a day"
_SCHEDULED: Final = EarlyDeletionRisk(
    f"somebody has the key deleted (kms:ScheduleKeyDeletion), {SHORTEST_WAIT_DAYS} days ahead or "
    "more: nothing that it encrypts can be read until that is called off, and afterwards never",
    DELETING,
)
_STOPPED: Final = EarlyDeletionRisk(
    "somebody switches the key off (kms:DisableKey): nothing can be read or written until it is "
    "on again",
    STATES,
)


class Key(NamedTuple):
    """`state` is KMS's word; `deleted_on` is known where it is PendingDeletion."""

    state: str
    deleted_on: dt.datetime | None = None


def retention_of(key: Key) -> RetentionResult:
    """Return the retention of the key itself. Only a key that is enabled lets anything be read: not
    even one that waits for its deletion does, until that is called off."""
    return RetentionResult(
        rule=_in_words(key),
        first=key.deleted_on,
        last=key.deleted_on,
        days=None if key.state == "Enabled" else 0,
        delay=DELAY if key.deleted_on else "",
        threats=() if key.deleted_on else (_SCHEDULED, _STOPPED),
        sources=(DELETING, STATES),
    )


def under(key: Key, what: RetentionResult, day: dt.date) -> RetentionResult:
    """Return the retention `what` of objects that the key encrypts: they are lost with it at the
    latest."""
    on = key.deleted_on
    if on is None:
        return what
    return what._replace(
        rule=f"{what.rule}; its key is deleted on {on:%Y-%m-%d}",
        first=earliest((what.first, on)),
        last=earliest((what.last, on)),
        hidden=what.hidden if what.hidden and what.hidden < on else None,
        days=fewest((what.days, max((on - of_day(day)[1]).days, 0))),
        sources=(*what.sources, DELETING),
    )


def _in_words(key: Key) -> str:
    if key.deleted_on:
        return (
            f"{key.state}: nothing can be read, and from {key.deleted_on:%Y-%m-%d} on never again"
        )
    if key.state == "Enabled":
        return "enabled, no deletion scheduled"
    return f"{key.state}: nothing can be read as long as it is"
