"""An event of CloudTrail on a call of Bedrock, read from its JSON.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from claude_bedrock.records.trail_assumptions import RECORDED_OPERATIONS, is_inference
from claude_bedrock.records.window import UnreadableError


class TrailEvent(NamedTuple):
    """One call of Bedrock, as CloudTrail has it. `at` is in seconds since 1970; `principal` is an
    ARN, or empty where the event names none; `error_code` is empty for a call that was answered;
    `answered_in` is the Region that answered. An event of a refused call may have no request id.
    `delivered_at` is the minute in the name of its file, 0 where that has none."""

    request_id: str
    at: float
    operation: str
    account: str
    region: str
    principal: str
    model_id: str
    error_code: str
    answered_in: str
    delivered_at: float = 0.0

    @property
    def is_recorded_operation(self) -> bool:
        """Whether Bedrock logs calls of this operation."""
        return self.operation in RECORDED_OPERATIONS


def read_event(fields: Mapping[str, Any]) -> TrailEvent | None:
    """Return the event; None where it is of no call that runs a model. Raises UnreadableError,
    which names a field and quotes nothing."""
    if not is_inference(_text(fields, "eventSource"), _text(fields, "eventName")):
        return None
    error_code = _text(fields, "errorCode")
    region = sys.intern(_required(fields, "awsRegion"))
    return TrailEvent(
        request_id=_text(fields, "requestID") if error_code else _required(fields, "requestID"),
        at=_moment(_required(fields, "eventTime")),
        operation=sys.intern(_text(fields, "eventName")),
        account=sys.intern(_required(fields, "recipientAccountId")),
        region=region,
        principal=sys.intern(_text(_object(fields, "userIdentity"), "arn")),
        model_id=sys.intern(_text(_object(fields, "requestParameters"), "modelId")),
        error_code=sys.intern(error_code),
        answered_in=sys.intern(
            _text(_object(fields, "additionalEventData"), "inferenceRegion") or region
        ),
    )


def _object(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _required(fields: Mapping[str, Any], name: str) -> str:
    value = _text(fields, name)
    if not value:
        raise UnreadableError(f"an event of Bedrock has no {name}")
    return value


def _moment(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableError("an event of Bedrock has an eventTime that is no time") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
