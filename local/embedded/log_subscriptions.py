"""Additions to MiniStack's CloudWatch Logs: subscription filters whose destination is Firehose.

MiniStack keeps such a filter and delivers nothing by it. Here each matching event's message goes
into the stream, as after Firehose's decompression and message extraction:
https://docs.aws.amazon.com/firehose/latest/dev/writing-with-cloudwatch-logs.html
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ministack.services import cloudwatch_logs, firehose  # type: ignore[import-untyped]

_STREAM: Final = ":deliverystream/"
_HAS_FIELD: Final = re.compile(r'\{ \$\.([\w.]+) = "\*" \}')
"""The one kind of pattern that the stage's filter has: a field of JSON is there."""

Fan = Callable[[str, str, Sequence[Mapping[str, Any]]], None]


def add() -> None:
    """Teach MiniStack these destinations; before it starts."""
    fan: Fan = cloudwatch_logs._fanout_to_subscription_filters
    cloudwatch_logs._fanout_to_subscription_filters = _with_streams(fan)


def _with_streams(original: Fan) -> Fan:
    def fan(group: str, stream: str, events: Sequence[Mapping[str, Any]]) -> None:
        original(group, stream, events)
        filters = cloudwatch_logs._log_groups.get(group, {}).get("subscriptionFilters", {})
        for subscription in filters.values():
            _, is_stream, name = subscription["destinationArn"].partition(_STREAM)
            if is_stream:
                _put(name, subscription["filterPattern"], events)

    return fan


def _put(name: str, pattern: str, events: Sequence[Mapping[str, Any]]) -> None:
    for event in events:
        if _matches(pattern, event["message"]):
            data = base64.b64encode(event["message"].encode()).decode()
            firehose._put_record({"DeliveryStreamName": name, "Record": {"Data": data}})


def _matches(pattern: str, message: str) -> bool:
    field = _HAS_FIELD.fullmatch(pattern)
    if field is None:
        raise NotImplementedError(f"the filter pattern {pattern} is not understood here")
    try:
        value: Any = json.loads(message)
    except ValueError:
        return False
    for name in field[1].split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value is not None
