"""Why Bedrock refused reaches the caller and the operator, and nothing of the account does."""

import json
from collections.abc import Mapping

import pytest

from gateway import bedrock_errors, reasons
from gateway.eventstream import Decoder, exception
from local.bedrock import frames
from tests.unit.gateway.conftest import MODEL, PROFILE, Caller, audit_line
from tests.unit.gateway.fakes import ScriptedReply

ROLE = "arn:aws:sts::123456789012:assumed-role/GatewayRole/gateway"
REQUEST = {"model": MODEL, "max_tokens": 1, "messages": []}
# Exception, status and sentence as AWS's pages or public reports quote them, and what to keep.
REFUSALS: Mapping[str, tuple[str, int, str, str]] = {
    "payment_method": (
        "AccessDeniedException",
        403,
        (
            "Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment "
            "instrument must "
            "be provided.. Your AWS Marketplace subscription for this model cannot be completed at "
            "this time. If you recently fixed this issue, try again after 2 minutes."
        ),
        "valid payment instrument",
    ),
    "marketplace_subscription": (
        "AccessDeniedException",
        403,
        (
            "Model access is denied due to IAM user or service role is not authorized to "
            "perform the "
            "required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, "
            "aws-marketplace:Subscribe) to enable access to this model."
        ),
        "aws-marketplace:Subscribe",
    ),
    "service_control_policy": (
        "AccessDeniedException",
        403,
        (
            f"User: {ROLE} is not authorized to perform: bedrock:InvokeModel on resource: "
            f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{PROFILE} with an "
            f"explicit deny "
            "in a service control policy: "
            "arn:aws:organizations::123456789012:policy/o-a1b2c3d4e5/p-1"
        ),
        "explicit deny in a service control policy",
    ),
    "explicit_deny": (
        "AccessDeniedException",
        403,
        (
            f"User: {ROLE} is not authorized to perform: bedrock:InvokeModel with an "
            f"explicit deny in "
            "an identity-based policy"
        ),
        "identity-based policy",
    ),
    "missing_permission": (
        "AccessDeniedException",
        403,
        (
            f"User: {ROLE} is not authorized to perform: bedrock:InvokeModel because no "
            "identity-based policy allows the bedrock:InvokeModel action"
        ),
        "no identity-based policy allows",
    ),
    "expired_credentials": (
        "ExpiredTokenException",
        403,
        "The security token included in the request is expired",
        "is expired",
    ),
    "invalid_credentials": (
        "UnrecognizedClientException",
        403,
        "The security token included in the request is invalid.",
        "is invalid",
    ),
    "use_case_form": (
        "ResourceNotFoundException",
        404,
        (
            "Model use case details have not been submitted for this account. Fill out "
            "the Anthropic "
            "use case details form before using the model."
        ),
        "use case details",
    ),
    "daily_quota": (
        "ThrottlingException",
        429,
        "Too many tokens per day, please wait before trying again.",
        "tokens per day",
    ),
    "tokens_per_minute": (
        "ThrottlingException",
        429,
        "Too many tokens, please wait before trying again.",
        "Too many tokens",
    ),
    "requests_per_minute": (
        "ThrottlingException",
        429,
        "Too many requests, please wait before trying again.",
        "Too many requests",
    ),
    "too_many_connections": (
        "ServiceUnavailableException",
        503,
        "Too many connections, please wait before trying again.",
        "Too many connections",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_refusal_is_distinguished(
    caller: Caller, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    kind, status, sentence, passed_on = REFUSALS[name]
    caller.retry_budget.tokens = 0
    body = json.dumps({"message": sentence}).encode()
    caller.bedrock.answers(body, status=status, x_amzn_errortype=kind)

    message = caller.send(REQUEST).json()["error"]["message"]
    entry = audit_line(capsys)

    assert passed_on in message
    assert entry["error_reason"] == name
    assert passed_on in entry["error_message"]
    for text in (message, entry["error_message"]):
        assert not {"123456789012", "GatewayRole", "o-a1b2c3d4e5"} & set(
            text.replace("/", ":").split(":")
        )
        assert "arn:" not in text


@pytest.mark.parametrize("name", REFUSALS)
def test_bedrocks_own_clients_read_bedrocks_words_in_http_and_in_a_stream(
    caller: Caller, name: str
) -> None:
    kind, status, sentence, _ = REFUSALS[name]
    caller.retry_budget.tokens = 0
    body = json.dumps({"message": sentence}).encode()
    caller.bedrock.answers(body, status=status, x_amzn_errortype=kind)
    response = caller.send(REQUEST, path=f"/model/{PROFILE}/converse")
    caller.bedrock.answers(exception(kind[:1].lower() + kind[1:], body))
    streamed = caller.send(REQUEST, path=f"/model/{PROFILE}/converse-stream")

    expected = {"message": reasons.redact(sentence)}
    assert (response.status, response.json()) == (status, expected)
    ((_, payload),) = Decoder().feed(streamed.body)
    assert json.loads(payload) == expected


@pytest.mark.parametrize("path", ["/v1/messages", f"/model/{PROFILE}/converse"])
def test_iams_refusals_have_their_sentence_in_another_member(
    caller: Caller, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    kind, status, sentence, passed_on = REFUSALS["service_control_policy"]
    body = json.dumps({"Message": sentence}).encode()
    caller.bedrock.answers(body, status=status, x_amzn_errortype=kind)

    response = caller.send(REQUEST, path=path)

    entry = audit_line(capsys)
    assert passed_on in response.body.decode()
    assert b"GatewayRole" not in response.body
    assert (response.status, entry["error_reason"]) == (403, "service_control_policy")
    assert passed_on in entry["error_message"]


@pytest.mark.parametrize(
    ("sentence", "reason", "headers"),
    [
        ("Too many tokens per day", "daily_quota", {"x-should-retry": "false"}),
        ("Too many requests", "requests_per_minute", {"retry-after": "1"}),
    ],
)
def test_an_error_event_has_its_reason_too(
    caller: Caller,
    capsys: pytest.CaptureFixture[str],
    sentence: str,
    reason: str,
    headers: dict[str, str],
) -> None:
    error = {"type": "rate_limit_error", "message": sentence}
    caller.bedrock.answers(frames.chunk(json.dumps({"type": "error", "error": error}).encode()))

    response = caller.send({**REQUEST, "stream": True})

    entry = audit_line(capsys)
    retries = {"retry-after", "x-should-retry"} & set(response.headers)
    assert (response.status, {name: response.headers[name] for name in retries}) == (429, headers)
    assert response.json()["error"]["message"].endswith(sentence)
    assert (entry["error_reason"], entry["error_message"]) == (reason, sentence)


def test_a_prompt_too_long_is_in_bedrocks_words_for_bedrocks_clients(caller: Caller) -> None:
    sentence = "Input is too long for requested model."
    caller.bedrock.answers(json.dumps({"message": sentence}).encode(), status=400)

    assert caller.send(REQUEST, path=f"/model/{PROFILE}/converse").json() == {"message": sentence}


def test_a_daily_quota_is_not_waited_for(caller: Caller) -> None:
    kind, status, sentence, _ = REFUSALS["daily_quota"]
    body = json.dumps({"message": sentence}).encode()
    caller.bedrock.answers(body, status=status, x_amzn_errortype=kind)

    response = caller.send(REQUEST)

    assert len(caller.bedrock.sent) == 1
    assert "retry-after" not in response.headers
    assert response.headers["x-should-retry"] == "false"


def test_another_route_may_have_a_daily_quota_left(caller: Caller) -> None:
    kind, status, sentence, _ = REFUSALS["daily_quota"]
    caller.settings = caller.settings._replace(geographies=("us", "global"))
    body = json.dumps({"message": sentence}).encode()
    caller.bedrock.earlier = [ScriptedReply(status, {"x-amzn-errortype": kind}, [body])]

    assert caller.send(REQUEST).status == 200
    assert len(caller.bedrock.sent) == 2


def test_a_refusal_of_no_known_reason_has_its_words_too() -> None:
    error = bedrock_errors.from_bedrock(
        "AccessDeniedException", f"No, {ROLE}: moon phase", status=403
    )

    assert error.reason == ""
    assert "moon phase" in error.message
    assert "GatewayRole" not in error.message


def test_the_completion_is_not_in_the_audit_entry(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    """A validation error may quote the request."""
    body = b'{"message": "messages.0: secret prompt is too many tokens per day"}'
    caller.bedrock.answers(body, status=400, x_amzn_errortype="ValidationException")

    caller.send(REQUEST)

    assert "secret" not in json.dumps(audit_line(capsys))


@pytest.mark.parametrize(
    "private",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "AROAIOSFODNN7EXAMPLE:gw",
        "role/deep/Name",
        "vpce-0a1b2c3d4e5f",
        "x" * 90,
    ],
)
def test_no_sentence_names_an_identity(private: str) -> None:
    assert reasons.redact(f"by {private}, no") == "by [redacted], no"
