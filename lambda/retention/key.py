"""What becomes of the bytes when the KMS key that encrypts them is switched off or deleted.

https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
"""

import datetime as dt
from typing import Final, NamedTuple

from .kept import Kept, Threat, earliest, fewest, of_day

DELETING: Final = "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"
STATES: Final = "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
SHORTEST_WAIT_DAYS: Final = 7
"""The least that ScheduleKeyDeletion takes:
https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html"""

_USABLE: Final = {"Enabled", "PendingDeletion"}
_SCHEDULED: Final = Threat(
    f"somebody has the key deleted (kms:ScheduleKeyDeletion), {SHORTEST_WAIT_DAYS} days ahead or "
    "more: then nobody can read anything that it encrypts",
    DELETING,
)
_STOPPED: Final = Threat(
    "somebody switches the key off (kms:DisableKey): nothing can be read or written until it is "
    "on again",
    STATES,
)


class Key(NamedTuple):
    """`state` is KMS's word; `deleted_on` is known where it is PendingDeletion."""

    state: str
    deleted_on: dt.datetime | None = None


def kept(key: Key, day: dt.date) -> Kept:
    """Of whatever the key encrypts, as far as the key decides."""
    end = of_day(day)[1]
    days = None if key.state in _USABLE else 0
    if key.deleted_on:
        days = max((key.deleted_on - end).days, 0)
    return Kept(
        rule=_in_words(key),
        first=key.deleted_on,
        last=key.deleted_on,
        days=days,
        delay="up to a day" if key.deleted_on else "",
        threats=() if key.deleted_on else (_SCHEDULED, _STOPPED),
        sources=(DELETING, STATES),
    )


def under(key: Kept, what: Kept) -> Kept:
    """`what` is encrypted by the key, and lives no longer than it."""
    if key.first is None:
        return what
    return what._replace(
        rule=f"{what.rule}; its key is deleted on {key.first:%Y-%m-%d}",
        first=earliest((what.first, key.first)),
        last=earliest((what.last, key.first)),
        hidden=what.hidden if what.hidden and what.hidden < key.first else None,
        days=fewest((what.days, key.days)),
        sources=(*what.sources, DELETING),
    )


def _in_words(key: Key) -> str:
    if key.deleted_on:
        return f"deleted on {key.deleted_on:%Y-%m-%d}: nothing can be read from then on"
    if key.state == "Enabled":
        return "enabled, no deletion scheduled"
    return f"{key.state}: nothing can be read as long as it is"
