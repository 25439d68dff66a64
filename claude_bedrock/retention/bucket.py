"""The retention of an object and its versions in S3: lifecycle rules, versioning and Object Lock.

The days of a rule are added to an object's creation, and the sum is rounded up to a midnight UTC:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
That page does not say whether a sum that is a midnight goes on to the next: here it may or may not.

Transitions delete nothing, and neither do the rules for delete markers and unfinished uploads.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from claude_bedrock.retention.result import (
    EarlyDeletionRisk,
    Moment,
    RetentionResult,
    after,
    earliest,
    fewest,
    latest,
    of_day,
)

_GUIDE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
RULES: Final = f"{_GUIDE}/intro-lifecycle-rules.html"
LOCKS: Final = f"{_GUIDE}/object-lock.html"
VERSIONS: Final = f"{_GUIDE}/Versioning.html"
DELAY: Final = "S3 names no limit"

PUBLIC_ACCESS: Final = (
    *("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"),
)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""

Versioning = Literal["Enabled", "Suspended", ""]


class Rule(NamedTuple):
    """An enabled lifecycle rule. It is `narrowed` if tags or sizes also decide what it is for.

    `expires_on` is a midnight UTC, from which on everything that it is for expires. Where some of
    the `newer` noncurrent versions are spared, which ones go depends on how many follow."""

    id: str
    prefix: str = ""
    narrowed: bool = False
    expires_days: int | None = None
    expires_on: dt.datetime | None = None
    noncurrent_days: int | None = None
    newer: bool = False

    def may_be_for(self, prefix: str) -> bool:
        """Return whether it is for some object under `prefix`."""
        return self.prefix.startswith(prefix) or prefix.startswith(self.prefix)

    def is_for(self, prefix: str) -> bool:
        """Return whether it is for each object under `prefix`."""
        return prefix.startswith(self.prefix) and not self.narrowed


class Lock(NamedTuple):
    """Object Lock's default retention, in days."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"]
    days: int


class Bucket(NamedTuple):
    """`versioning` is empty where it was never switched on."""

    rules: tuple[Rule, ...]
    versioning: Versioning
    lock: Lock | None = None


class BucketSettings(NamedTuple):
    """How a bucket is closed. `key` (an id or ARN) encrypts what is written without a word about
    it, empty for S3's own; `not_blocked` are those of PUBLIC_ACCESS that are off; `ownership` is
    S3's word, empty where it was never set."""

    key: str
    not_blocked: tuple[str, ...]
    ownership: str


def retention_of(bucket: Bucket, prefix: str, day: dt.date) -> RetentionResult:
    """Return the retention of the objects under `prefix` that were written on a day, and that
    nobody touches.

    With versioning a rule only puts a delete marker over an object, which makes it noncurrent;
    with versioning suspended the marker takes the object's place."""
    start, end = of_day(day)
    some, every = _rules(bucket, prefix)
    hidden, hidden_by = _expiry(some, start), _expiry(every, end)
    first, last = hidden, hidden_by
    days = fewest((*(rule.expires_days for rule in some), *_until_dates(some, end)))
    if bucket.versioning:
        # The marker comes on the day after the object is due, at its latest by our reckoning.
        # What was written before versioning was suspended is still there behind it.
        last = after(after(hidden_by, 1), _noncurrent(every))
    if bucket.versioning == "Enabled":
        first = after(hidden, _noncurrent(some, spared=False))
    if bucket.lock and first is not None:
        first = latest((first, after(start, bucket.lock.days)))
    if bucket.lock and last is not None:
        last = latest((last, after(end, bucket.lock.days)))
    return RetentionResult(
        rule=_in_words(bucket, some),
        first=first,
        last=last,
        days=days,
        delay=DELAY if first else "",
        threats=_threats(bucket),
        sources=(RULES, VERSIONS, *((LOCKS,) if bucket.lock else ())),
        hidden=hidden if bucket.versioning == "Enabled" else None,
    )


def retention_of_deleted(bucket: Bucket, prefix: str, day: dt.date) -> RetentionResult:
    """Return the retention of what was under `prefix` until it was deleted or overwritten on a day,
    no version named. A lock counts from the writing, which may be long ago: it is left out.

    A lock counts from the writing, which may be long ago: it is left out."""
    start, end = of_day(day)
    if bucket.versioning != "Enabled":
        return RetentionResult(
            rule=f"versioning is {bucket.versioning.lower() or 'off'}: gone at once",
            first=start,
            last=end,
            days=0,
            delay="",
            threats=(),
            sources=(VERSIONS,),
        )
    some, every = _rules(bucket, prefix)
    days = _noncurrent(some, spared=False)
    return RetentionResult(
        rule=_noncurrent_in_words(days),
        first=after(start, days),
        last=after(end, _noncurrent(every)),
        days=days,
        delay="" if days is None else DELAY,
        threats=_threats(bucket),
        sources=(RULES, VERSIONS),
    )


def _rules(bucket: Bucket, prefix: str) -> tuple[list[Rule], list[Rule]]:
    """Return the rules for some object there, and those for every object."""
    some = [rule for rule in bucket.rules if rule.may_be_for(prefix)]
    return some, [rule for rule in some if rule.is_for(prefix)]


def _expiry(rules: Iterable[Rule], written: dt.datetime) -> Moment:
    """Return the midnight from which on an object written at a midnight is due; the earliest rule
    wins."""
    known = list(rules)
    by_age = (after(written, rule.expires_days) for rule in known)
    by_date = (max(written, rule.expires_on) for rule in known if rule.expires_on)
    return earliest((*by_age, *by_date))


def _until_dates(rules: Iterable[Rule], end: dt.datetime) -> Iterable[int]:
    return (max((rule.expires_on - end).days, 0) for rule in rules if rule.expires_on)


def _noncurrent(rules: Iterable[Rule], *, spared: bool = True) -> int | None:
    """Return days after which a noncurrent version is due; `spared`: reckoned as one of the
    newer."""
    return fewest(rule.noncurrent_days for rule in rules if not (spared and rule.newer))


def _in_words(bucket: Bucket, rules: list[Rule]) -> str:
    dates = [f"on {rule.expires_on:%Y-%m-%d}" for rule in rules if rule.expires_on]
    days = fewest(rule.expires_days for rule in rules)
    expiry = [f"after {days} days", *dates] if days is not None else dates
    if not expiry:
        words = "no rule expires it: kept until deleted"
    elif bucket.versioning == "Enabled":
        noncurrent = _noncurrent_in_words(_noncurrent(rules, spared=False))
        words = f"delete marker {' or '.join(expiry)}, then {noncurrent}"
    else:
        words = f"deleted {' or '.join(expiry)}"
    if bucket.lock:
        words += f"; locked {bucket.lock.days} days ({bucket.lock.mode.lower()})"
    return words


def _noncurrent_in_words(days: int | None) -> str:
    if days is None:
        return "noncurrent until deleted"
    return f"noncurrent for {days} days"


def _threats(bucket: Bucket) -> tuple[EarlyDeletionRisk, ...]:
    rules = EarlyDeletionRisk(
        "somebody changes the lifecycle rules (s3:PutLifecycleConfiguration): new ones hold for "
        "what is already there",
        f"{_GUIDE}/lifecycle-configuration-examples.html",
    )
    if bucket.lock:
        return _of_locked(bucket.lock), rules
    if bucket.versioning != "Enabled":
        cause = "somebody deletes or overwrites an object (s3:DeleteObject, s3:PutObject)"
        return EarlyDeletionRisk(cause, f"{_GUIDE}/DeletingObjects.html"), rules
    version = EarlyDeletionRisk(
        "somebody deletes a version by its id (s3:DeleteObjectVersion)",
        f"{_GUIDE}/DeletingObjectVersions.html",
    )
    return version, rules


def _of_locked(lock: Lock) -> EarlyDeletionRisk:
    if lock.mode == "COMPLIANCE":
        what = f"a version is deleted once {lock.days} days have passed, by nobody before"
    else:
        what = (
            f"a version is deleted once {lock.days} days have passed; before, by somebody who has "
            "s3:BypassGovernanceRetention"
        )
    return EarlyDeletionRisk(what, LOCKS)
