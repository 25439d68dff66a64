"""The gateway's audit entries in CloudWatch Logs."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from claude_bedrock.records.log_events import filter_events_at_once
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.read_digest import Fingerprint

Client = Any
_FIELD = "audit"
_LONGEST_REQUEST = 15 * 60.0
"""Seconds, as long as Lambda runs: https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"""


def written(
    logs: Client, group: str, since: datetime, until: datetime, read: Fingerprint
) -> Iterator[LogItem]:
    """Yield every audit entry that was written to the log group between the two times (UTC), also
    one that cannot be read; `read` is told of each event. `logs` is boto3's client."""
    events = filter_events_at_once(
        logs,
        start_ms=int(since.timestamp() * 1000),
        end_ms=int(until.timestamp() * 1000),
        logGroupName=group,
        filterPattern=f'"{_FIELD}"',
    )
    for event in events:
        item = _audit(event, group)
        if item is not None:
            read.take(event["eventId"], str(event["timestamp"]))
            yield item


def _audit(event: Mapping[str, Any], group: str) -> LogItem | None:
    """Return None for metrics, Lambda's own lines, and what else the function writes."""
    message, at = event["message"], event["timestamp"] / 1000
    try:
        line = json.loads(message)
    except (ValueError, RecursionError):
        if f'"{_FIELD}":' not in message:
            return None
        line = {_FIELD: None}
    if not isinstance(line, dict) or _FIELD not in line:
        return None
    content, fault = line[_FIELD], ""
    if not isinstance(content, dict):
        content, fault = None, "it is no JSON object"
    source = f"log group {group}, event {event['eventId']}"
    return LogItem(source, at, content, fault, earliest=at - _LONGEST_REQUEST)
