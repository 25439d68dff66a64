"""What an hour's verdict rests on: the objects in S3, and the records in CloudWatch Logs."""

from datetime import datetime
from types import TracebackType
from typing import Self

from claude_bedrock.verification.object_digests import ObjectDigests
from claude_bedrock.verification.record_digests import RecordDigests


class HourDigests:
    """Both lists of the time from `since` up to `until`; their files are gone at the end of the
    context."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self.objects = ObjectDigests(since, until)
        self.records = RecordDigests(since, until)

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
