"""The second place of the chain's hashes: the verification function's own log group.

Who administers the bucket can delete files of evidence and make others. What the function logs of
each file stands in CloudWatch Logs, where nobody changes an event and only Lambda adds one.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

from claude_bedrock.records.log_events import filter_events

_FIELD = "sealed"


class SealedHash(NamedTuple):
    """What is logged of one file of evidence: `since` and `until` are ISO 8601, of what it is
    about."""

    bucket: str
    key: str
    sha256: str
    since: str
    until: str

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        return cls(*(str(fields[name]) for name in cls._fields))


def log_hash(sealed: SealedHash) -> None:
    """Write a line to stdout, which Lambda takes to the log group: no log level drops it."""
    print(json.dumps({_FIELD: sealed._asdict()}), flush=True)  # noqa: T201


class HashLog:
    """What was logged of the files in `bucket`, through boto3's client of CloudWatch Logs."""

    def __init__(self, logs: Any, group: str, bucket: str) -> None:  # noqa: ANN401
        self._logs = logs
        self._group = group
        self._bucket = bucket

    def sealed(self, since: datetime, until: datetime) -> dict[str, SealedHash]:
        """By the file's key, what was logged first of files that were sealed between the two times.

        Raises UnreadableError, and botocore's errors."""
        hashes: dict[str, SealedHash] = {}
        for event in self._events(since, until):
            if event.bucket == self._bucket:
                # A file is sealed once: only the first line about it can be from then.
                hashes.setdefault(event.key, event)
        return hashes

    def _events(self, since: datetime, until: datetime) -> Iterator[SealedHash]:
        events = filter_events(
            self._logs,
            start_ms=int(since.timestamp() * 1000),
            end_ms=int(until.timestamp() * 1000),
            logGroupName=self._group,
            filterPattern=f'"{_FIELD}"',
        )
        for event in events:
            try:
                fields = json.loads(event["message"])[_FIELD]
                yield SealedHash.of(fields)
            except (ValueError, KeyError, TypeError):
                continue  # another line, which has the word


def moment_of(text: str) -> datetime:
    """Return an ISO 8601 time of UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)
