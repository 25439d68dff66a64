"""Bedrock's errors become Anthropic's, and carry nothing of the account."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import bedrock_errors, error_formats, errors
from gateway.eventstream import Decoder


@pytest.mark.parametrize(
    ("exception", "bedrock_status", "status", "kind"),
    [
        ("ValidationException", 400, 400, "invalid_request_error"),
        ("AccessDeniedException", 403, 403, "permission_error"),
        ("ResourceNotFoundException", 404, 404, "not_found_error"),
        ("ThrottlingException", 429, 429, "rate_limit_error"),
        ("ServiceQuotaExceededException", 400, 429, "rate_limit_error"),
        ("ModelNotReadyException", 429, 529, "overloaded_error"),
        ("ModelTimeoutException", 408, 504, "timeout_error"),
        ("ModelErrorException", 424, 500, "api_error"),
        ("InternalServerException", 500, 500, "api_error"),
        ("ServiceUnavailableException", 503, 529, "overloaded_error"),
        ("ConflictException", 400, 409, "conflict_error"),
        ("ExpiredTokenException", 403, 403, "permission_error"),
        ("", 413, 413, "request_too_large"),
        ("SomethingNew", 502, 500, "api_error"),
    ],
)
def test_every_exception_has_its_anthropic_answer(
    exception: str, bedrock_status: int, status: int, kind: str
) -> None:
    for spelling in (exception, f"{exception}:http://internal.amazon.com/", f"a.b#{exception}"):
        error = bedrock_errors.from_bedrock(spelling, "text", status=bedrock_status)
        assert (error.status, error.type) == (status, kind)


def test_a_throttle_carries_retry_after() -> None:
    assert bedrock_errors.from_bedrock("ThrottlingException", "").headers["retry-after"] == "1"
    for exception in ("ThrottlingException", "ServiceUnavailableException"):
        error = bedrock_errors.from_bedrock(exception, "", retry_after="7")
        assert (error.headers["retry-after"], error.retry_after) == ("7", 7.0)


def test_a_prompt_too_long_has_the_words_that_make_agents_compact() -> None:
    error = bedrock_errors.from_bedrock(
        "ValidationException", "Input is too long for requested model."
    )
    assert error.message.startswith("prompt is too long")


@pytest.mark.parametrize("exception", ["ValidationException", "ResourceNotFoundException", ""])
def test_a_refusal_without_a_sentence_has_one(exception: str) -> None:
    error = bedrock_errors.from_bedrock(exception, "", status=400)
    assert "Ask the operator" in error.message


def test_anthropics_clients_read_anthropics_error_object() -> None:
    status, headers, body = error_formats.ANTHROPIC.response(errors.NotFound("gone"), "req-1")
    assert (status, headers["content-type"]) == (404, "application/json")
    assert json.loads(body) == {
        "type": "error",
        "error": {"type": "not_found_error", "message": "gone"},
        "request_id": "req-1",
    }


@pytest.mark.parametrize("status", [400, 429])
def test_bedrocks_clients_read_bedrocks_exception(status: int) -> None:
    error = bedrock_errors.from_bedrock("ServiceQuotaExceededException", "text", status=status)
    sent_status, sent_headers, body = error_formats.BEDROCK.response(error, "req-1")
    assert sent_status == status
    assert sent_headers["x-amzn-errortype"] == "ServiceQuotaExceededException"
    assert set(json.loads(body)) == {"message"}
    ((headers, payload),) = Decoder().feed(error_formats.BEDROCK.stream_event(error, "req-1"))
    assert headers[":message-type"] == "exception"
    assert headers[":exception-type"] == "serviceQuotaExceededException"
    assert payload == body


SECRETS = (
    "arn:aws:sts::123456789012:assumed-role/GatewayRole/function",
    "arn:aws-us-gov:iam::210987654321:role/deep/path",
    "account 123456789012",
)


@given(
    st.sampled_from([*bedrock_errors._FROM_BEDROCK, "UnrecognizedClientException", ""]),
    st.sampled_from([400, 401, 403, 404, 424, 429, 500, 503]),
    st.text(),
    st.sampled_from(SECRETS),
    st.text(),
)
def test_no_answer_names_an_arn_or_an_account(
    exception: str, status: int, before: str, secret: str, after: str
) -> None:
    error = bedrock_errors.from_bedrock(exception, f"{before} {secret} {after}", status=status)
    for error_format in (error_formats.ANTHROPIC, error_formats.BEDROCK, error_formats.COMMON):
        _, headers, body = error_format.response(error, "req-1")
        text = str(headers) + str(body + error_format.stream_event(error, "req-1"))
        assert "arn:aws" not in text
        assert "GatewayRole" not in text
        assert not re.search(r"123456789012|210987654321", text)
