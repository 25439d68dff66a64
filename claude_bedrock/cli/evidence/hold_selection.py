"""The object versions that a legal hold is of: records and large bodies of a caller or a window,
and the evidence that seals them."""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from claude_bedrock.caller_sessions.qualified_name import of_record
from claude_bedrock.cli.evidence.object_versions import ObjectVersion, list_versions
from claude_bedrock.cli.shared.deployment import Client
from claude_bedrock.records.destinations import Destinations
from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.records.invocation_records import is_record
from claude_bedrock.records.object_name import begun_at
from claude_bedrock.records.window import UnreadableError
from claude_bedrock.verification import fields
from claude_bedrock.verification.evidence_bucket import HOURLY
from claude_bedrock.verification.hours import start_of_hour
from claude_bedrock.verification.object_digests import OBJECTS
from claude_bedrock.verification.record_digests import LOG_EVENTS
from claude_bedrock.verification.signatures import PUBLIC_KEYS, SIGNATURES

_BEGUN_BEFORE: Final = timedelta(hours=1)
"""So long before a call the object of its record may have been begun, which is named for its
first."""
_BEGUN_AFTER: Final = timedelta(hours=1)
"""So long after a call that object may be named, where it is named for its delivery."""
_OF_HOURS: Final = (HOURLY, OBJECTS, LOG_EVENTS, f"{SIGNATURES}hours/")
_SIDES: Final = ("input", "output")


class Scope(NamedTuple):
    """The calls from `since` up to `until` (UTC), of `caller` alone unless that is empty: a
    qualified name as `usage` shows it, or an ARN."""

    caller: str
    since: datetime
    until: datetime

    def has(self, record: Mapping[str, Any]) -> bool:
        """Return whether the record is of one of the calls, or does not say whose or when. Raises
        UnreadableError."""
        at = datetime.fromisoformat(fields.text(record, "timestamp"))
        if not self.since <= (at if at.tzinfo else at.replace(tzinfo=UTC)) < self.until:
            return False
        identity = fields.optional_text(fields.members(record, "identity"), "arn")
        who = of_record(fields.texts(record, "requestMetadata"), identity)
        return not self.caller or self.caller in (who, identity)


class Selection(NamedTuple):
    """What is to be held: `versions` are distinct, of `objects` of records, large `bodies` and
    `evidence`. `calls` are the records found, `unreadable` the objects that cannot be read, which
    are held since they may hold one. `elsewhere` are large bodies in another bucket."""

    versions: tuple[ObjectVersion, ...]
    objects: int
    bodies: int
    evidence: int
    calls: int
    unreadable: int
    elsewhere: int


class _Reading(NamedTuple):
    """Of an object of records: how many records are in scope, their large bodies, when they were
    made, and whether all of it could be read."""

    calls: int
    bodies: frozenset[str]
    hours: frozenset[datetime]
    is_readable: bool


def select(s3: Client, destinations: Destinations, evidence_bucket: str, scope: Scope) -> Selection:
    """Return what is to be held. Reads every record of the window. Raises botocore's errors."""
    items = _record_versions(s3, destinations, scope)
    objects: list[ObjectVersion] = []
    bodies: set[str] = set()
    hours: set[datetime] = set()
    calls = unreadable = 0
    for item, reading in each_in_order(partial(_read, s3, destinations.bucket, scope), items):
        if reading.calls or not reading.is_readable:
            objects.append(item)
            bodies |= reading.bodies
            hours |= reading.hours | _hour_of(item)
            calls += reading.calls
            unreadable += not reading.is_readable
    own = f"s3://{destinations.bucket}/"
    keys = sorted(path.removeprefix(own) for path in bodies if path.startswith(own))
    large = _versions_of(s3, destinations.bucket, keys, exact=True)
    prefixes = [f"{folder}{hour:%Y/%m/%d/%H}" for hour in sorted(hours) for folder in _OF_HOURS]
    sealing = _versions_of(s3, evidence_bucket, [*prefixes, PUBLIC_KEYS] if hours else [])
    versions = tuple(dict.fromkeys([*objects, *large, *sealing]))
    elsewhere = len(bodies) - len(keys)
    counts = (len(objects), len(large), len(sealing))
    return Selection(versions, *counts, calls, unreadable, elsewhere)


def _record_versions(
    s3: Client, destinations: Destinations, scope: Scope
) -> Iterator[ObjectVersion]:
    """Yield the versions of objects of records, whose keys are in the order of time."""
    first, last = scope.since - _BEGUN_BEFORE, scope.until + _BEGUN_AFTER
    after = f"{destinations.root}{first:%Y/%m/%d/%H}"
    for item in list_versions(s3, destinations.bucket, destinations.root, after=after):
        begun = begun_at(item["Key"])
        if begun is not None and begun >= last.timestamp():
            return
        is_early = begun is not None and begun < first.timestamp()
        if item["Size"] and is_record(item["Key"]) and not is_early:
            yield ObjectVersion(item["Key"], item["VersionId"])


def _read(s3: Client, bucket: str, scope: Scope, item: ObjectVersion) -> _Reading:
    """Read an object of records. Raises botocore's errors."""
    answer = s3.get_object(Bucket=bucket, Key=item.key, VersionId=item.version)
    calls, bodies, hours = 0, set(), set()
    is_readable = True
    try:
        lines = gzip.decompress(answer["Body"].read()).splitlines()
    except (OSError, EOFError, ValueError):
        return _Reading(0, frozenset(), frozenset(), is_readable=False)
    for line in filter(None, lines):
        try:
            record = json.loads(line)
            if not scope.has(record):
                continue
            calls += 1
            bodies |= set(_bodies_of(record))
            hours.add(start_of_hour(datetime.fromisoformat(record["timestamp"])))
        except (UnreadableError, ValueError, TypeError, AttributeError, RecursionError):
            is_readable = False
    return _Reading(calls, frozenset(bodies), frozenset(hours), is_readable)


def _bodies_of(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the `s3://` paths of the large bodies of a record. Raises UnreadableError."""
    for side in _SIDES:
        path = fields.optional_text(fields.members(record, side), f"{side}BodyS3Path")
        if path:
            yield path


def _hour_of(item: ObjectVersion) -> set[datetime]:
    begun = begun_at(item.key)
    return set() if begun is None else {start_of_hour(datetime.fromtimestamp(begun, UTC))}


def _versions_of(
    s3: Client, bucket: str, prefixes: Iterable[str], *, exact: bool = False
) -> list[ObjectVersion]:
    """Return all versions of the keys that begin with the prefixes, or that `exact`ly are them."""

    def versions(prefix: str) -> list[ObjectVersion]:
        return [
            ObjectVersion(item["Key"], item["VersionId"])
            for item in list_versions(s3, bucket, prefix)
            if not exact or item["Key"] == prefix
        ]

    return [version for _, some in each_in_order(versions, prefixes) for version in some]
