"""The check of CloudTrail's event of a call: whether there is one, and what is assumed of it."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from claude_bedrock.cli.smoke.check import Check, Finding, failed, not_assessed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject
from claude_bedrock.cli.smoke.records import in_logs
from claude_bedrock.records import trail_assumptions as assumed

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_SOON: Final = "CloudTrail typically delivers within 5 to 15 minutes: wait longer with --wait"

Event = Mapping[str, Any]


def judge_event(subject: Subject) -> Finding:
    """Judge each assumption by the event of the first call; the event history of the Region has it
    also without a trail."""
    response = subject.message
    if not response.request_id:
        return not_assessed("The call had no request id to look for.")
    event = subject.wait_for(lambda: _find_event(subject, response.request_id))
    if event is None:
        return _judge_absence(subject)
    seconds = round((datetime.now(UTC) - response.started_at).total_seconds())
    holds = dict(_judge_assumptions(subject, event))
    measured = {**holds, "seconds": seconds, "names": sorted(event)}
    wrong = [name for name, is_so in holds.items() if is_so is False]
    if wrong:
        return failed(f"The event is there, and is not as assumed: {', '.join(wrong)}.", **measured)
    open_ones = [name for name, is_so in holds.items() if is_so is None]
    rest = f" Not shown by it: {', '.join(open_ones)}." if open_ones else ""
    return passed(f"The event has every field that verification reads.{rest}", **measured)


def _judge_absence(subject: Subject) -> Finding:
    """Events of other calls, and none of this one, show that the request id is another."""
    operations = sorted({str(event.get("eventName")) for event in _events(subject)})
    if assumed.RECORDED_OPERATIONS & set(operations):
        text = "CloudTrail has events of calls since then, and none has the call's request id."
        return failed(f"{text} Is it still on its way? {_SOON}.", operations=operations)
    return not_assessed(f"CloudTrail has no event of the call yet. {_SOON}.", operations=operations)


def _judge_assumptions(subject: Subject, event: Event) -> Iterator[tuple[str, bool | None]]:
    """Yield whether each assumption holds; None where this event cannot show it."""
    record = in_logs(subject, subject.message) or {}
    answered_in = (event.get("additionalEventData") or {}).get("inferenceRegion")
    identity = (record.get("identity") or {}).get("arn")
    model_id = str((event.get("requestParameters") or {}).get("modelId", ""))
    region = subject.deployment.region
    recorded_in = record.get("inferenceRegion")
    is_known = event.get("eventName") in assumed.RECORDED_OPERATIONS
    yield assumed.MANAGEMENT_EVENTS.name, is_known and bool(event.get("managementEvent"))
    yield assumed.REQUEST_ID.name, True
    yield assumed.SOURCE_REGION.name, event.get("awsRegion") == region
    principal = (event.get("userIdentity") or {}).get("arn")
    yield assumed.PRINCIPAL.name, principal == identity if identity else None
    yield assumed.ERROR_CODE.name, False if event.get("errorCode") else None
    yield assumed.MODEL_ID.name, subject.model.base_id in model_id
    was_routed = recorded_in not in (None, region)
    yield assumed.INFERENCE_REGION.name, answered_in == recorded_in if was_routed else None


def _find_event(subject: Subject, request_id: str) -> Event | None:
    return next((event for event in _events(subject) if event.get("requestID") == request_id), None)


def _events(subject: Subject) -> Iterator[Event]:
    """Yield the events of Bedrock since the call: AWS looks up by one attribute, and not by a
    request id. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html"""
    attribute = {"AttributeKey": "EventSource", "AttributeValue": assumed.EVENT_SOURCE}
    pages = (
        subject.client("cloudtrail")
        .get_paginator("lookup_events")
        .paginate(
            LookupAttributes=[attribute],
            StartTime=subject.message.started_at - _CLOCKS_DIFFER,
        )
    )
    for item in (item for page in pages for item in page["Events"]):
        event: dict[str, Any] = json.loads(item["CloudTrailEvent"])
        yield event


CHECKS: Final = (
    Check(
        "CloudTrail event",
        "; ".join(assumption.words for assumption in assumed.ASSUMPTIONS) + ".",
        assumed.MANAGEMENT_EVENTS.source,
        judge_event,
        is_local=False,
    ),
)
