"""Checks of refusals by API Gateway and the gateway: status, shape and headers, as the client sees
them."""

import gzip
import json
from typing import Any, Final

import httpx2

from claude_bedrock.cli.shared.request_auth import ByKey
from claude_bedrock.cli.smoke.check import Check, Finding, failed, not_assessed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject
from claude_bedrock.cli.smoke.http_call import Response, send, send_many

_ERROR_TYPE: Final = "x-amzn-errortype"
_TOO_LARGE_BYTES: Final = 10 * 1024 * 1024 + 1
"""API Gateway takes 10 MB:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""
_ESCAPED_BYTES: Final = 4_000_000
"""Below the default of `max_body_bytes`. Each quote and backslash needs an escape in the event that
Lambda gets, of 6,291,456 bytes at most:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_LARGEST_BURST: Final = 100
_GATEWAY_RESPONSES: Final = "https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html"


def judge_wrong_key(subject: Subject) -> Finding:
    if not subject.uses_keys:
        return not_assessed("Callers of this stage sign their requests and have no key.")
    wrong = subject.endpoint._replace(caller=ByKey("0" * 40))
    return _judge(send(wrong, "GET", "/v1/models"), 401, "authentication_error")


def judge_no_credentials(subject: Subject) -> Finding:
    without_credential = subject.endpoint._replace(caller=httpx2.Auth())
    return _judge(send(without_credential, "GET", "/v1/models"), 401, "authentication_error")


def judge_too_large(subject: Subject) -> Finding:
    body = b'{"padding": "' + b"x" * _TOO_LARGE_BYTES + b'"}'
    return _judge(send(subject.endpoint, "POST", "/v1/messages", body), 413, "request_too_large")


def judge_escaped_body(subject: Subject) -> Finding:
    """Check the refusal of an escaped body. The model does not exist, so that the gateway refuses
    what reaches it and no model runs."""
    text = '"' * (_ESCAPED_BYTES // 2)
    body = {"model": "no-model", "max_tokens": 1, "messages": [{"role": "user", "content": text}]}
    response = send(subject.endpoint, "POST", "/v1/messages", json.dumps(body).encode())
    if response.status == 404:
        return passed("The gateway got the whole body and refused its model.", status=404)
    return _judge(response, 413, "request_too_large")


def judge_compressed_body(subject: Subject) -> Finding:
    """Check a compressed body. The model does not exist, so that the gateway refuses what was
    decoded and no model runs."""
    body = gzip.compress(b'{"model": "no-model", "max_tokens": 1, "messages": []}')
    response = send(subject.endpoint, "POST", "/v1/messages", body, content_encoding="gzip")
    return _judge(response, 404, "not_found_error")


def judge_native_error(subject: Subject) -> Finding:
    """Check the header that AWS's SDKs name an exception by: API Gateway has a header of that name
    itself."""
    response = send(subject.endpoint, "POST", "/model/no-model/converse", b"{}")
    names = response.values(_ERROR_TYPE)
    if response.status != 404 or names != ["ResourceNotFoundException"]:
        return failed(f"{_ERROR_TYPE} is not the gateway's.", **_measured(response))
    return passed(f"{_ERROR_TYPE} is the gateway's, once.", **_measured(response))


def judge_web_acl(subject: Subject) -> Finding:
    """Ask for a path that AWS's page names as one that its rules match."""
    if not subject.output("Gateway", "WebAclArn"):
        return not_assessed("The stage has made no web ACL.")
    return _judge(send(subject.endpoint, "GET", "/WEB-INF/web.xml"), 403, "permission_error")


def judge_throttle(subject: Subject) -> Finding:
    """Call an operation that reaches no model, twice as often as the plan's burst."""
    key_id = (subject.audit_entry(subject.message) or {}).get("api_key_id")
    if not key_id:
        return not_assessed("The audit log does not say which key called.")
    plans = subject.client("apigateway").get_usage_plans(keyId=key_id)["items"]
    burst = next((int(plan.get("throttle", {}).get("burstLimit", 0)) for plan in plans), 0)
    if not 0 < burst <= _LARGEST_BURST:
        return not_assessed(f"The plan's burst is {burst}; up to {_LARGEST_BURST} is tested.")
    responses = send_many(subject.endpoint, "/v1/models", burst * 2 + 20)
    throttled = [response for response in responses if response.status == 429]
    if not throttled:
        return not_assessed(
            f"None of {len(responses)} requests was throttled: API Gateway's limits are targets, "
            "not ceilings.",
            sent=len(responses),
        )
    finding = _judge(throttled[0], 429, "rate_limit_error")
    counts = {"sent": len(responses), "throttled": len(throttled)}
    return finding._replace(measured={**finding.measured, **counts})


def _judge(response: Response, status: int, error_type: str) -> Finding:
    """Judge whether a refusal has its status, Anthropic's shape, and each header once."""
    measured = _measured(response)
    if response.status != status:
        return failed(f"The status is {response.status}, not {status}.", **measured)
    if measured["error"] != error_type:
        return failed(f"The body is no error of type {error_type}.", **measured)
    if len(response.values(_ERROR_TYPE)) > 1:
        return failed(f"{_ERROR_TYPE} comes more than once.", **measured)
    return passed(f"Status {status}, in Anthropic's shape.", **measured)


def _measured(response: Response) -> dict[str, Any]:
    return {
        "status": response.status,
        "error": _error_type(response.body),
        _ERROR_TYPE: response.values(_ERROR_TYPE),
        "request-id": bool(response.request_id),
    }


def _error_type(body: bytes) -> str | None:
    """Return the type in Anthropic's error shape: https://platform.claude.com/docs/en/api/errors"""
    try:
        content = json.loads(body)
    except ValueError:
        return None
    if not isinstance(content, dict) or content.get("type") != "error":
        return None
    error = content.get("error")
    return error.get("type") if isinstance(error, dict) else None


CHECKS: Final = (
    Check(
        "wrong key",
        "A wrong key gets 401 in Anthropic's shape, and x-amzn-errortype comes once.",
        _GATEWAY_RESPONSES,
        judge_wrong_key,
    ),
    Check(
        "no credentials",
        "A request without a key or signature is refused with 401 in Anthropic's shape.",
        _GATEWAY_RESPONSES,
        judge_no_credentials,
    ),
    Check(
        "too large a body",
        "A body over 10 MB is refused with 413 in Anthropic's shape.",
        _GATEWAY_RESPONSES,
        judge_too_large,
        body_bytes=_TOO_LARGE_BYTES,
    ),
    Check(
        "escaped body",
        "A body that escapes make too large for Lambda's event gets 413 in Anthropic's shape.",
        "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
        judge_escaped_body,
        body_bytes=_ESCAPED_BYTES,
    ),
    Check(
        "compressed body",
        "API Gateway decodes a gzip body before it validates and passes it on.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-make-request-with-compressed-payload.html",
        judge_compressed_body,
    ),
    Check(
        "native error",
        "An error on Bedrock's own routes has the gateway's x-amzn-errortype, once.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html",
        judge_native_error,
    ),
    Check(
        "web ACL",
        "The stage's web ACL refuses a path of AWS's bad inputs with 403 in Anthropic's shape.",
        "https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html",
        judge_web_acl,
        is_local=False,
    ),
    Check(
        "throttle",
        "A key that sends too fast gets 429 in Anthropic's shape.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html",
        judge_throttle,
    ),
)
