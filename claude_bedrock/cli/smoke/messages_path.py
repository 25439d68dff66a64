"""Checks of Bedrock's own Messages path beside InvokeModel, on a stage whose messages go by it."""

import json
from collections.abc import Mapping
from typing import Any, Final

import httpx2

from claude_bedrock.cli.shared.request_auth import BySignature
from claude_bedrock.cli.smoke.check import Check, Finding, failed, not_assessed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject
from claude_bedrock.cli.smoke.http_call import Response
from claude_bedrock.cli.smoke.records import wait_for_record

UPSTREAM: Final = "messages"
_PAGE: Final = "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html"
_GUARDRAIL: Final = {
    "x-amzn-bedrock-guardrailidentifier": "nosuchguard",
    "x-amzn-bedrock-guardrailversion": "1",
}
_DENIED: Final = 403


def judge_record(subject: Subject) -> Finding:
    """Compare the record of a message by the path with that of one by InvokeModel."""
    by_path = wait_for_record(subject, subject.message)
    by_invoke = wait_for_record(subject, subject.invoked)
    if by_path is None or by_invoke is None:
        which = "its Messages path" if by_path is None else "InvokeModel"
        return failed(f"Bedrock wrote no record of the call by {which}.")
    facts, expected = _facts(by_path), _facts(by_invoke)
    measured = {"messages": facts, "invoke": expected}
    different = sorted(name for name in facts if facts[name] != expected[name])
    if different:
        return failed(f"The two records differ in {', '.join(different)}.", **measured)
    return passed("The two records are alike: operation, identity, metadata, fields.", **measured)


def judge_errors(subject: Subject) -> Finding:
    """Compare two refusals of a body that no model takes."""
    by_path, by_invoke = subject.refused, subject.refused_by_invoke
    measured = {"messages": _refusal(by_path), "invoke": _refusal(by_invoke)}
    if measured["messages"] != measured["invoke"]:
        return failed("The two refusals differ in status, type or message.", **measured)
    return passed("The two refusals are alike.", **measured)


def judge_guardrail(subject: Subject) -> Finding:
    """Ask Bedrock directly, with a guardrail and a body that both are wrong, so that no model
    runs whichever of them it reads first."""
    credentials = subject.deployment.session.get_credentials()
    if credentials is None:
        return not_assessed("You have no AWS credentials to ask Bedrock with.")
    region = subject.deployment.region
    model_id = (subject.audit_entry(subject.message) or {}).get("model_id")
    body: dict[str, Any] = {"model": model_id, "max_tokens": 1, "messages": []}
    response = httpx2.post(
        f"https://bedrock-runtime.{region}.amazonaws.com/anthropic/v1/messages",
        json=body,
        headers={"anthropic-version": "2023-06-01", **_GUARDRAIL},
        auth=BySignature(credentials, region, service="bedrock"),
    )
    if response.status_code == _DENIED:
        return not_assessed("AWS denies you the call of a model.", status=_DENIED)
    if "guardrail" in response.text.lower():
        return passed("The path reads the guardrail's headers.", status=response.status_code)
    text = "The refusal does not name the guardrail, so that the path may leave it unread."
    return not_assessed(text, status=response.status_code)


def _facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what verification and reports read of a record, without what differs by call."""
    identity = str((record.get("identity") or {}).get("arn", ""))
    return {
        "operation": record.get("operation"),
        "has_identity": ":assumed-role/" in identity,
        "model_id": str(record.get("modelId", "")).rpartition("/")[2],
        "metadata": sorted(record.get("requestMetadata") or {}),
        "fields": sorted(record),
        "input": sorted(record.get("input") or {}),
        "output": sorted(record.get("output") or {}),
    }


def _refusal(response: Response) -> dict[str, Any]:
    content = json.loads(response.body)
    error = content.get("error") or {}
    return {
        "status": response.status,
        "type": error.get("type"),
        "message": error.get("message"),
        "request-id": bool(response.request_id),
    }


CHECKS: Final = (
    Check(
        "messages path, record",
        "Bedrock records a call by its Messages path as one by InvokeModel.",
        _PAGE,
        judge_record,
        upstream=UPSTREAM,
    ),
    Check(
        "messages path, errors",
        "A call that Bedrock refuses by its Messages path reads as one by InvokeModel.",
        _PAGE,
        judge_errors,
        upstream=UPSTREAM,
    ),
    Check(
        "messages path, guardrail",
        "Bedrock's Messages path reads the headers that name a guardrail.",
        _PAGE,
        judge_guardrail,
        is_local=False,
        upstream=UPSTREAM,
    ),
)
