"""The records in CloudWatch Logs of an hour, as a list of digests: the prompt that you read today
is the one of then if its SHA-256 is.

A line has `event_id`, CloudWatch's id of the event; `at`, the event's time in milliseconds since
1970; `request_id`, Bedrock's, empty where the record has none; and `sha256` of the event's message
in UTF-8. An event belongs to the hour of its own time, so each is in one list.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilteredLogEvent.html
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import IO, Any, Final

from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.verification.digest_list import DigestList
from claude_bedrock.verification.evidence_bucket import PREFIX

LOG_EVENTS: Final = f"{PREFIX}log-events/"


class RecordDigests(Fingerprint):
    """Takes those of events from `since` up to `until`."""

    def __init__(self, since: datetime, until: datetime) -> None:
        super().__init__()
        self._since, self._until = milliseconds(since), milliseconds(until)
        self._list = DigestList()
        self._records = 0

    def take_record(self, event: Mapping[str, Any], request_id: str) -> None:
        if self._since <= event["timestamp"] < self._until:
            self._records += 1
            self._list.add(record_line(event, request_id))

    def finish(self) -> tuple[IO[bytes], dict[str, Any]]:
        """Return the file, and what the hour says of it beside its name."""
        return self._list.finish({"records": self._records})

    def close(self) -> None:
        self._list.close()


def record_line(event: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """Return the line of an event."""
    return {
        "event_id": event["eventId"],
        "at": event["timestamp"],
        "request_id": request_id,
        "sha256": message_sha256(event["message"]),
    }


def message_sha256(message: str) -> str:
    """Return the SHA-256 of an event's message; a lone surrogate, which UTF-8 lacks, is escaped."""
    return hashlib.sha256(message.encode(errors="backslashreplace")).hexdigest()


def milliseconds(moment: datetime) -> int:
    """Return a time as CloudWatch Logs has it, since 1970."""
    return int(moment.timestamp() * 1000)


def key_of_log_events(since: datetime, attempt: int) -> str:
    """Return the name of the list of the events of a time, as the `attempt`th run has read them."""
    return f"{LOG_EVENTS}{since.astimezone(UTC):%Y/%m/%d/%H%M%S}Z-{attempt:04}.jsonl.gz"
