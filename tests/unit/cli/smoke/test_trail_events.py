"""What the check of CloudTrail's event makes of the event history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from claude_bedrock.cli.smoke.trail_events import judge_event
from tests.unit.cli.smoke.fakes import (
    AT,
    HAIKU,
    RECORD,
    REQUEST_ID,
    MadeUp,
    MadeUpRecords,
    response,
)
from tests.unit.records.trail_bucket import event

IDENTITY = {"arn": RECORD["identity"]["arn"]}


class EventHistory:
    """boto3's client of CloudTrail, with these events."""

    def __init__(self, *events: Mapping[str, Any]) -> None:
        self._events = events

    def get_paginator(self, name: str) -> EventHistory:
        assert name == "lookup_events"
        return self

    def paginate(self, **request: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
        (attribute,) = request["LookupAttributes"]
        assert attribute["AttributeValue"] == "bedrock.amazonaws.com"
        assert request["StartTime"] < AT
        yield {"Events": [{"CloudTrailEvent": json.dumps(each)} for each in self._events]}


def _subject(*events: Mapping[str, Any], **record: object) -> MadeUp:
    records = MadeUpRecords({**RECORD, **record})
    clients = {"cloudtrail": EventHistory(*events)}
    return MadeUp(clients=clients, records=records, message=response())


def _event(**fields: object) -> dict[str, Any]:
    fields = {"awsRegion": "us-east-1", "userIdentity": IDENTITY, **fields}
    parameters = {"modelId": f"global.{HAIKU.base_id}"}
    return event(REQUEST_ID, AT, requestParameters=parameters, **fields)


def test_an_event_as_assumed_passes_and_says_what_it_cannot_show() -> None:
    finding = judge_event(_subject(event("other", AT), _event()))
    assert finding.verdict == "pass"
    assert finding.text.endswith("Not shown by it: error_code, inference_region.")
    routed = _event(additionalEventData={"inferenceRegion": "us-west-2"})
    shown = judge_event(_subject(routed, inferenceRegion="us-west-2"))
    assert shown.measured["inference_region"] is True


@pytest.mark.parametrize(
    ("fields", "assumption"),
    [
        ({"managementEvent": False}, "management_events"),
        ({"awsRegion": "eu-west-1"}, "source_region"),
        ({"userIdentity": {"arn": "arn:aws:iam::1:user/x"}}, "principal"),
        ({"errorCode": "None"}, "error_code"),
    ],
)
def test_an_assumption_that_is_wrong_is_named(fields: dict[str, Any], assumption: str) -> None:
    finding = judge_event(_subject(_event(**fields)))
    assert finding.verdict == "fail"
    assert finding.text == f"The event is there, and is not as assumed: {assumption}."


def test_no_event_is_no_failure_unless_other_calls_have_theirs() -> None:
    assert judge_event(_subject()).verdict == "not assessed"
    assert judge_event(_subject(event("other", AT, eventName="GetFoundationModel"))).verdict == (
        "not assessed"
    )
    finding = judge_event(_subject(event("other", AT)))
    assert finding.verdict == "fail"
    assert "none has the call's request id" in finding.text
