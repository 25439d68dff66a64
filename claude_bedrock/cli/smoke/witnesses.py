"""Checks of the caller in the gateway's audit log and in API Gateway's access log."""

import json
from collections.abc import Mapping
from typing import Any, Final

from claude_bedrock.cli.smoke.check import Check, Finding, failed, not_assessed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject

_ABSENT: Final = "-"
"""What API Gateway writes for a variable that has no value:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html"""


def judge_caller(subject: Subject) -> Finding:
    entry = subject.audit_entry(subject.message)
    if entry is None:
        return failed("The audit log has no entry of the call.")
    names = ("api_key_id", "api_key_name") if subject.uses_keys else ("caller_arn",)
    missing = [name for name in names if not entry.get(name)]
    if missing:
        return failed(f"The entry lacks {', '.join(missing)}.", names=sorted(entry))
    return passed(f"The entry has {' and '.join(names)}.", names=sorted(entry))


def judge_access_log(subject: Subject) -> Finding:
    entry = subject.audit_entry(subject.message)
    request_id = (entry or {}).get("gateway_request_id")
    if not request_id:
        return not_assessed("The audit log does not say API Gateway's request id.")
    line = subject.wait_for(lambda: _access_log_line(subject, request_id))
    if line is None:
        return failed("API Gateway's access log has no line of the call.")
    absent = sorted(name for name, value in line.items() if value == _ABSENT)
    measured = {"names": sorted(line), "absent": absent}
    if str(line.get("status")) != str(subject.message.status):
        return failed("The access log has another status than the client got.", **measured)
    return passed(f"The access log has the call; {len(absent)} fields are empty.", **measured)


def _access_log_line(subject: Subject, request_id: str) -> Mapping[str, Any] | None:
    paginator = subject.client("logs").get_paginator("filter_log_events")
    pages = paginator.paginate(
        logGroupName=subject.output("Gateway", "AccessLogGroupName"),
        filterPattern=f'"{request_id}"',
        startTime=int(subject.message.started_at.timestamp() * 1000),
    )
    for event in (event for page in pages for event in page["events"]):
        line: dict[str, Any] = json.loads(event["message"])
        return line
    return None


CHECKS: Final = (
    Check(
        "caller",
        "identity.apiKeyId is filled in where an authorizer gives the key.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html",
        judge_caller,
    ),
    Check(
        "access log",
        "API Gateway's access log has each call, with the variables that a stream fills in.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html",
        judge_access_log,
    ),
)
