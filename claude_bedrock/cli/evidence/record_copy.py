"""The records of CloudWatch Logs in a bundle: a file for each hour's list of them, gzip of JSON
Lines. A line has CloudWatch's `eventId`, `timestamp` and `message`, and the `requestId` in it."""

import json
from collections.abc import Mapping
from typing import Any, Final

from claude_bedrock.verification.record_digests import LOG_EVENTS

COPIES: Final = "cloudwatch-records/"


def key_of_copy(list_key: str) -> str:
    """Return the name of the records that a list of digests is of."""
    return f"{COPIES}{list_key.removeprefix(LOG_EVENTS)}"


def line_of_copy(event: Mapping[str, Any], request_id: str) -> str:
    """Return the line of an event: what its digest covers, and no more."""
    copied = {name: event[name] for name in ("eventId", "timestamp", "message")}
    return json.dumps({**copied, "requestId": request_id})
