"""Where the gateway's audit lines lie in CloudWatch Logs."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from records.fingerprint import Fingerprint

Client = Any
AuditLine = tuple[float, Mapping[str, Any]]
"""The moment in which it was written, in seconds since 1970, and its fields."""
_FIELD = "audit"


def written(
    logs: Client, group: str, since: datetime, until: datetime, read: Fingerprint
) -> Iterator[AuditLine]:
    """Every audit line that was written to the log group between the two times (UTC); `read` is
    told of each event. `logs` is boto3's client."""
    pages = logs.get_paginator("filter_log_events")
    found = pages.paginate(
        logGroupName=group,
        filterPattern=f'"{_FIELD}"',
        startTime=int(since.timestamp() * 1000),
        endTime=int(until.timestamp() * 1000),
    )
    for event in (event for page in found for event in page["events"]):
        line = _audit(event["message"])
        if line is not None:
            read.take(event["eventId"], str(event["timestamp"]))
            yield event["timestamp"] / 1000, line


def _audit(message: str) -> Mapping[str, Any] | None:
    """The function's log has metrics and Lambda's own lines too."""
    try:
        line = json.loads(message)
    except ValueError:
        return None
    found = line.get(_FIELD) if isinstance(line, dict) else None
    return found if isinstance(found, dict) else None
