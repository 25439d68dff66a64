"""The attempts at a window that is due, so that no run begins for ever where the last one was
killed.

Before a run reads anything, it leaves a mark in the evidence bucket; where it fails by itself, a
second one. A mark without a second one, and without evidence, is of a run that was killed.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple

from claude_bedrock.verification.evidence_bucket import PREFIX, EvidenceBucket
from claude_bedrock.verification.hours import HOUR, iso, start_of_hour

ATTEMPTS: Final = f"{PREFIX}attempts/"
SLICES: Final = (HOUR, timedelta(minutes=30), timedelta(minutes=15), timedelta(minutes=5))
"""What is tried in turn where an hour does not fit into one run."""
Failure = Literal["failed", "too-large"]


class Attempt(NamedTuple):
    """One of a time that begins at `since`: the `number`th, over a slice of `size`."""

    since: datetime
    number: int
    size: timedelta

    @property
    def until(self) -> datetime:
        return min(self.since + self.size, start_of_hour(self.since) + HOUR)

    @property
    def next_size(self) -> timedelta:
        """What to try next where this one fitted: within the hour as much, then twice as much."""
        index = SLICES.index(self.size)
        ends_hour = self.until == start_of_hour(self.until)
        return SLICES[max(0, index - 1)] if ends_hour else self.size


class History(NamedTuple):
    """Of the time that begins at `since`: how many runs began, and how many of them were killed or
    found it too large."""

    since: datetime
    begun: int
    oversized: int

    def next(self, size: timedelta) -> Attempt | None:
        """Return an attempt of `size`, or less if that was too much; None where the smallest slice
        was too."""
        index = SLICES.index(size) + self.oversized
        return Attempt(self.since, self.begun + 1, SLICES[index]) if index < len(SLICES) else None


class Attempts:
    """The marks in the bucket of `evidence`."""

    def __init__(self, evidence: EvidenceBucket) -> None:
        self._evidence = evidence

    def history(self, since: datetime) -> History:
        """Return the attempts that the bucket knows. Raises botocore's errors."""
        names = [key.removesuffix(".json") for key in self._evidence.listed(_folder(since))]
        begun, failed = _ending(names, "begun"), _ending(names, "failed")
        # A run that failed by itself says nothing of the size. One without such a mark was killed,
        # or found the slice too large: the next slice is smaller for each of them.
        return History(since, begun, max(0, begun - failed))

    def begin(self, attempt: Attempt, now: datetime) -> None:
        """Note the beginning of an attempt. Raises AlreadyVerifiedError where another run has begun
        it, and botocore's errors."""
        self._mark(attempt, "begun", {"at": iso(now), "until": iso(attempt.until)})

    def end(self, attempt: Attempt, failure: Failure, because: str) -> None:
        """Note the end of an attempt. Raises botocore's errors."""
        self._mark(attempt, failure, {"at": iso(datetime.now(UTC)), "because": because})

    def _mark(self, attempt: Attempt, what: str, content: dict[str, str]) -> None:
        key = f"{_folder(attempt.since)}{attempt.number:04}-{what}.json"
        self._evidence.put(key, json.dumps(content).encode(), "application/json")


def _folder(since: datetime) -> str:
    return f"{ATTEMPTS}{since.astimezone(UTC):%Y/%m/%d/%H%M%S}Z/"


def _ending(names: Sequence[str], what: str) -> int:
    return sum(name.endswith(f"-{what}") for name in names)
