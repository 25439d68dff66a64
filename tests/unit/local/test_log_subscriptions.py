"""Subscription filters of the embedded AWS whose destination is a stream of Firehose."""

import base64
import json
from typing import Any

import pytest
from ministack.services import cloudwatch_logs, firehose  # type: ignore[import-untyped]

from claude_bedrock.queries.audit_entries import FILTER_PATTERN
from local.embedded import log_subscriptions

STREAM = "arn:aws:firehose:us-east-1:123456789012:deliverystream/entries"
ENTRY = json.dumps({"audit": {"gateway_request_id": "a"}})
OTHERS = ["START RequestId: a", "[]", json.dumps({"audit": None}), json.dumps({"message": "audit"})]


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is put into a stream, by the filter of a log group."""
    calls: list[dict[str, Any]] = []
    subscription = {"destinationArn": STREAM, "filterPattern": FILTER_PATTERN}
    groups = {"/gateway": {"subscriptionFilters": {"entries": subscription}}, "/other": {}}
    monkeypatch.setattr(cloudwatch_logs, "_log_groups", groups)
    monkeypatch.setattr(cloudwatch_logs, "_fanout_to_subscription_filters", lambda *_: None)
    monkeypatch.setattr(firehose, "_put_record", calls.append)
    log_subscriptions.add()
    return calls


def test_the_message_of_each_audit_log_entry_is_put_into_the_stream(
    put: list[dict[str, Any]],
) -> None:
    events = [{"message": message, "timestamp": 1} for message in [*OTHERS, ENTRY]]
    for group in ("/gateway", "/other"):
        cloudwatch_logs._fanout_to_subscription_filters(group, "stream", events)

    (record,) = put
    assert record["DeliveryStreamName"] == "entries"
    assert base64.b64decode(record["Record"]["Data"]).decode() == ENTRY
