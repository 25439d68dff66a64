"""What is no longer as the stage set it: each difference by its kind, told without a prompt."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from retention import bucket, log_group
from retention.bucket import Bucket
from retention.kept import suffices
from retention.key import Key
from retention.log_group import LogGroup

from .configuration import DATA_TYPES, Configuration, difference

Kind = Literal[
    "logging deleted",
    "records redirected",
    "bodies switched off",
    "retention shortened",
    "bucket changed",
    "key unusable",
]
_FLAGS: Final = tuple(f"{kind}DataDeliveryEnabled:" for kind in DATA_TYPES)
_BEDROCK: Final = {"Service": "bedrock.amazonaws.com"}


class Drift(NamedTuple):
    """`what` names settings and what they are now."""

    kind: Kind
    what: str


def of_configuration(found: Configuration | None, wanted: Configuration) -> list[Drift]:
    """Bedrock's configuration against the one that the stage set or adopted."""
    if found is None:
        return [Drift("logging deleted", "the Region has no logging configuration")]
    return [
        Drift("bodies switched off" if each.startswith(_FLAGS) else "records redirected", each)
        for each in difference(found, wanted)
    ]


def of_log_group(name: str, found: LogGroup | None, days: int, today: dt.date) -> list[Drift]:
    """A log group in which the stage's number has to be kept; None is one that is not there."""
    if found is None:
        return [Drift("retention shortened", f"{name}: the log group does not exist")]
    kept = log_group.kept(found, today)
    if suffices(kept, days):
        return []
    return [Drift("retention shortened", f"{name}: {kept.rule}, {days} wanted")]


def of_bucket(
    found: Bucket | None, prefixes: Sequence[str], days: int, today: dt.date
) -> list[Drift]:
    """What a bucket keeps under `prefixes`, versions that were deleted or overwritten too."""
    if found is None:
        return [Drift("bucket changed", "the bucket does not exist")]
    kept = {
        f"{prefix}*{suffix}": of(found, prefix, today)
        for prefix in prefixes
        for of, suffix in ((bucket.kept, ""), (bucket.kept_deleted, ", deleted or overwritten"))
    }
    return [
        Drift("bucket changed", f"{name}: {each.rule}, {days} days wanted")
        for name, each in kept.items()
        if not suffices(each, days)
    ]


def of_lock(found: Bucket | None, mode: str, days: int) -> list[Drift]:
    """The default retention of the stage's own bucket; `mode` is empty where it asks for none."""
    lock = found.lock if found else None
    if not mode or (lock and lock.mode == mode.upper() and lock.days >= days):
        return []
    there = f"{lock.mode.lower()}, {lock.days} days" if lock else "no lock"
    return [Drift("bucket changed", f"lock: {there}, {mode} of {days} days wanted")]


def of_policy(policy: Mapping[str, Any] | None, account: str) -> list[Drift]:
    """The policy of the stage's own bucket: TLS only, Bedrock writes for this account, and nobody
    else is allowed anything."""
    statements = (policy or {}).get("Statement", [])
    allowed = [each for each in statements if each["Effect"] == "Allow"]
    missing = []
    if not any(_denies_without_tls(each) for each in statements):
        missing.append("requests without TLS are not denied")
    if not any(_lets_bedrock_write(each, account) for each in allowed):
        missing.append("Bedrock may not write")
    if any(each["Principal"] != _BEDROCK for each in allowed):
        missing.append("others than Bedrock are allowed something")
    return [Drift("bucket changed", f"policy: {each}") for each in missing]


def of_key(found: Key | None) -> list[Drift]:
    """The key that encrypts the record; None is one that is not there."""
    state = "gone" if found is None else found.state
    return [] if state == "Enabled" else [Drift("key unusable", f"the key is {state}")]


def _denies_without_tls(statement: Mapping[str, Any]) -> bool:
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    whole = statement["Effect"] == "Deny" and statement.get("Condition") == insecure
    return whole and statement["Principal"] in ("*", {"AWS": "*"}) and _has(statement, "s3:*")


def _lets_bedrock_write(statement: Mapping[str, Any], account: str) -> bool:
    sources = dict[str, Any](_equal(statement))
    return (
        statement["Principal"] == _BEDROCK
        and _has(statement, "s3:PutObject")
        and sources.get("aws:SourceAccount") in (account, [account])
    )


def _has(statement: Mapping[str, Any], action: str) -> bool:
    actions = statement["Action"]
    return action in ([actions] if isinstance(actions, str) else actions)


def _equal(statement: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for operator, tests in statement.get("Condition", {}).items():
        if operator.startswith("StringEquals"):
            yield from tests.items()
