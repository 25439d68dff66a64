"""What counts of an invocation-log record: all but what was said.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from reconciliation.window import UnreadableError


class Body(NamedTuple):
    """Whether a body stands in the record, and where in S3 it lies if it does not."""

    inline: bool
    path: str


class Written(NamedTuple):
    """A record; `at` in seconds since 1970, `answered_in` the Region that Bedrock names."""

    request_id: str
    at: float
    answered_in: str
    model_id: str
    identity: str
    metadata: Mapping[str, str]
    failed: bool
    input: Body
    output: Body


def written(record: Mapping[str, Any]) -> Written:
    """Raises UnreadableError for what is no record."""
    try:
        return Written(
            request_id=record["requestId"],
            at=_seconds(record["timestamp"]),
            answered_in=record.get("inferenceRegion") or record["region"],
            model_id=record["modelId"],
            identity=(record.get("identity") or {}).get("arn") or "",
            metadata=record.get("requestMetadata") or {},
            failed=bool(record.get("errorCode")),
            input=_body(record, "input"),
            output=_body(record, "output"),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = type(error).__name__
        raise UnreadableError(f"a record lacks a field or has another form ({what})") from error


def _seconds(timestamp: str) -> float:
    moment = datetime.fromisoformat(timestamp)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _body(record: Mapping[str, Any], side: str) -> Body:
    part = record.get(side) or {}
    inline = part.get(f"{side}BodyJson") is not None
    return Body(inline, "" if inline else part.get(f"{side}BodyS3Path") or "")
