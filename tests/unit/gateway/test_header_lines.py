"""Several header lines of one name are one list, as RFC 9110 says; nothing is picked in silence."""

import json
from typing import Any

import pytest

from gateway import request
from tests.unit.gateway.conftest import MODEL, Caller
from tests.unit.gateway.fakes import SentResponse

BODY = {"model": MODEL, "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}
THINKING, CONTEXT = "interleaved-thinking-2025-05-14", "context-management-2025-06-27"


def event(*lines: tuple[str, str], path: str = "/v1/messages") -> dict[str, Any]:
    """What API Gateway makes of these header lines."""
    grouped: dict[str, list[str]] = {}
    for name, value in lines:
        grouped.setdefault(name, []).append(value)
    return {
        "httpMethod": "POST",
        "path": path,
        "headers": dict(lines),
        "multiValueHeaders": grouped,
        "requestContext": {"requestId": "gw-1"},
        "body": json.dumps(BODY),
    }


def send(caller: Caller, *lines: tuple[str, str], path: str = "/v1/messages") -> SentResponse:
    return caller.send_event(event(*lines, path=path))


@pytest.mark.parametrize(
    "lines",
    [
        [("anthropic-beta", THINKING), ("anthropic-beta", CONTEXT)],
        [("Anthropic-Beta", THINKING), ("anthropic-beta", CONTEXT)],
        [("anthropic-beta", f"{THINKING},{CONTEXT}"), ("anthropic-beta", THINKING)],
        [("anthropic-beta", f" {THINKING} ,, {CONTEXT}")],
    ],
)
def test_each_line_of_betas_counts(caller: Caller, lines: list[tuple[str, str]]) -> None:
    assert send(caller, *lines).status == 200
    assert json.loads(caller.bedrock.sent[-1].body)["anthropic_beta"] == [THINKING, CONTEXT]


def test_headers_without_their_lines_are_read_too() -> None:
    old = {**event(), "headers": {"Anthropic-Beta": CONTEXT}, "multiValueHeaders": None}
    assert request.from_event(old).headers == {"anthropic-beta": CONTEXT}


def test_equal_lines_of_one_value_are_one(caller: Caller) -> None:
    path = f"/model/{MODEL}/invoke"
    twice = [("content-type", "application/json")] * 2 + [("x-amzn-bedrock-trace", "ENABLED")] * 2
    assert send(caller, *twice, path=path).status == 200
    assert caller.bedrock.sent[-1].headers["content-type"] == "application/json"
    assert caller.bedrock.sent[-1].headers["x-amzn-bedrock-trace"] == "ENABLED"


@pytest.mark.parametrize("path", ["/v1/messages", f"/model/{MODEL}/invoke"])
@pytest.mark.parametrize("name", ["content-type", "x-amzn-bedrock-trace"])
def test_different_values_of_one_are_refused_by_name(caller: Caller, path: str, name: str) -> None:
    answer = send(caller, (name, "a"), (name.title(), "b"), path=path)
    assert answer.status == 400
    assert f"{name}: the request has this header more than once" in answer.body.decode()
    assert not caller.bedrock.sent


PROFILE = ("anthropic-user-profile-id", "uprof_1")


def test_the_user_profile_goes_into_the_body(caller: Caller) -> None:
    assert send(caller, PROFILE, PROFILE).status == 200
    assert caller.bedrock.body["user_profile_id"] == "uprof_1"


@pytest.mark.parametrize(("own", "status"), [(None, 200), ("uprof_1", 200), ("uprof_2", 400)])
def test_a_body_may_name_the_same_profile_and_no_other(
    caller: Caller, own: str | None, status: int
) -> None:
    request = {**event(PROFILE), "body": json.dumps({**BODY, "user_profile_id": own})}
    answer = caller.send_event(request)
    assert answer.status == status
    assert status == 200 or "anthropic-user-profile-id: " in answer.body.decode()


def test_a_count_of_tokens_belongs_to_no_profile_and_needs_no_payer(caller: Caller) -> None:
    caller.bedrock.answers(b'{"inputTokens":12}')
    fields = {"compaction": {"type": "summarize"}, "billing_policy": {"bill_to": "user_profile"}}
    request = event(PROFILE, path="/v1/messages/count_tokens")
    assert caller.send_event({**request, "body": json.dumps({**BODY, **fields})}).status == 200
    assert not {"user_profile_id", *fields} & caller.bedrock.counted.keys()
