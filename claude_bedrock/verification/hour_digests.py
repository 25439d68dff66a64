"""What an hour's verdict rests on: the objects in S3, the records in CloudWatch Logs, and the log
files of CloudTrail."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.verification.object_digests import ObjectDigests
from claude_bedrock.verification.record_digests import RecordDigests


class Digests(Protocol):
    """What takes what a run reads."""

    @property
    def objects(self) -> Fingerprint: ...
    @property
    def records(self) -> Fingerprint: ...
    @property
    def trail(self) -> Fingerprint: ...


class HourDigests:
    """The lists of the time from `since` up to `until`, and of CloudTrail's files from `since` on;
    what holds them is gone at the end of the context."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self.objects = ObjectDigests(since, until)
        self.records = RecordDigests(since, until)
        self.trail = ObjectDigests(since, datetime.max.replace(tzinfo=UTC))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.objects.close()
        self.records.close()
        self.trail.close()
