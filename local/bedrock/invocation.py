"""An invocation as the log will tell it: what was asked, by whom, what came back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from local.bedrock.tokens import Usage


class Attachment(NamedTuple):
    """An image or document that stands beside its record: where the body names its source, the
    ending of its name (`png`), and what it holds."""

    path: tuple[str | int, ...]
    suffix: str
    content: bytes


class DeliveryPlan(NamedTuple):
    """How the record is delivered: after a while, twice, after the one that follows it, or not at
    all; and whether CloudTrail has no event of the call."""

    delay_seconds: float = 0.0
    is_duplicate: bool = False
    is_reordered: bool = False
    is_lost: bool = False
    is_without_event: bool = False


@dataclass(slots=True)
class Invocation:
    """One call. Bodies are JSON as sent: `output` a Message, or the events of a stream. A Converse
    call's `input` lacks the bytes in `attachments`, its `output` is what a stream added up to.

    `error` is the name of the exception the call ended with, `usage` None if nothing was counted.
    """

    request_id: str
    at: datetime
    account: str
    region: str
    caller_arn: str
    operation: str
    model_id: str
    input: bytes
    attachments: tuple[Attachment, ...] = ()
    metadata: dict[str, str] | None = None
    inference_region: str | None = None
    output: bytes | None = None
    output_events: list[bytes] = field(default_factory=list)
    usage: Usage | None = None
    error: str | None = None
    delivery: DeliveryPlan = field(default_factory=DeliveryPlan)
