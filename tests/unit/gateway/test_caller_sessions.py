"""The caller's own session: one AssumeRole for each caller and hour, and no call without one."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from gateway import caller_sessions
from gateway.aws_service import ServiceError, ServiceResponse
from gateway.caller_sessions import CallerSessions
from gateway.errors import SessionUnavailable
from gateway.request import from_event
from gateway.settings import Settings
from tests.unit.gateway import conftest
from tests.unit.gateway.conftest import MODEL, Caller, audit_line
from tests.unit.gateway.fakes import ScriptedReply

ROLE = "arn:aws:iam::123456789012:role/claude-on-bedrock-test-us-east-1-caller"
BODY = {"model": MODEL, "max_tokens": 1, "messages": [{"role": "user", "content": "hello"}]}
TIMEOUT = ServiceError("ReadTimeout", may_have_arrived=True)
EXPIRED = {"x-amzn-errortype": "ExpiredTokenException"}


def opened(number: int) -> ServiceResponse:
    fields = {"AccessKeyId": f"ASIA{number}", "SecretAccessKey": "s+/=", "SessionToken": "t+/="}
    elements = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    text = f"<AssumeRoleResponse><Credentials>\n{elements}</Credentials></AssumeRoleResponse>"
    return ServiceResponse(200, {}, text.encode())


def refused(code: str, status: int = 403) -> ServiceResponse:
    error = f"<Error><Code>{code}</Code><Message>{ROLE}</Message></Error>"
    text = f"<ErrorResponse>{error}</ErrorResponse>"
    return ServiceResponse(status, {}, text.encode())


class ScriptedSts:
    """Answers with `answers` while there are any, then opens sessions; keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[ServiceResponse | ServiceError] = []
        self.sent: list[dict[str, str]] = []
        self.now = 1_000_000.0

    def clock(self) -> float:
        return self.now

    def send(self, headers: Mapping[str, str], body: bytes, seconds: float) -> None:
        assert headers["Content-Type"].startswith("application/x-www-form-urlencoded")
        assert 0 < seconds <= 3
        self.sent.append({name: value for name, (value,) in parse_qs(body.decode()).items()})

    def receive(self, seconds: float) -> ServiceResponse:
        assert 0 < seconds <= 3
        answer = self.answers.pop(0) if self.answers else opened(len(self.sent))
        if isinstance(answer, ServiceError):
            raise answer
        return answer


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> ScriptedSts:
    monkeypatch.setattr(caller_sessions, "_RETRY_PAUSE", 0.0)
    return ScriptedSts()


@pytest.fixture
def caller(settings: Settings, sts: ScriptedSts) -> Caller:
    made = Caller(settings._replace(caller_role_arn=ROLE))
    made.sessions = CallerSessions(made.settings, sts, sts.clock)
    return made


def event(**authorizer: str) -> dict[str, Any]:
    return {
        **conftest.EVENT,
        "requestContext": {"requestId": "gw-1", "authorizer": authorizer},
        "body": f'{{"model": "{MODEL}", "max_tokens": 1, "messages": []}}',
    }


def test_a_call_is_signed_in_a_session_that_names_its_caller(
    caller: Caller, sts: ScriptedSts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert caller.send(BODY).status == 200
    assert sts.sent == [
        {
            "Action": "AssumeRole",
            "Version": "2011-06-15",
            "RoleArn": ROLE,
            "RoleSessionName": "team-a",
            "SourceIdentity": "team-a",
            "DurationSeconds": "3600",
            "Tags.member.1.Key": "stage",
            "Tags.member.1.Value": "test",
            "Tags.member.2.Key": "caller",
            "Tags.member.2.Value": "team-a",
        }
    ]
    assert caller.bedrock.sent[0].credentials == ("ASIA1", "s+/=", "t+/=")
    assert audit_line(capsys)["session_ms"] >= 0


def test_a_later_call_needs_no_request_to_sts_until_five_minutes_before_the_end(
    caller: Caller, sts: ScriptedSts, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.send(BODY)
    audit_line(capsys)
    sts.now += 3299
    caller.send(BODY)
    assert "session_ms" not in audit_line(capsys)
    assert len(sts.sent) == 1
    sts.now += 1
    caller.send(BODY)
    assert len(sts.sent) == 2
    assert caller.bedrock.sent[-1].credentials == ("ASIA2", "s+/=", "t+/=")


def test_each_caller_and_team_has_a_session_of_its_own(caller: Caller, sts: ScriptedSts) -> None:
    for authorizer in (
        {"tokenIssuer": "corp", "caller": "ana@example.com", "team": "search"},
        {"tokenIssuer": "corp", "caller": "Zoë, B", "team": "search"},
        {"tokenIssuer": "corp", "caller": "ana@example.com", "team": "ads"},
        {"tokenIssuer": "corp", "caller": "ana@example.com", "team": "search"},
    ):
        caller.send_event(event(**authorizer))
    names = [(sent["RoleSessionName"], sent["Tags.member.2.Value"]) for sent in sts.sent]
    assert names == [
        *(("corp=3Aana@example.com", "search"), ("corp=3AZo=C3=AB=2C=20B", "search")),
        ("corp=3Aana@example.com", "ads"),
    ]
    signed_by = [sent.credentials[0] for sent in caller.bedrock.sent if sent.credentials]
    assert signed_by == ["ASIA1", "ASIA2", "ASIA3", "ASIA1"]


@pytest.mark.parametrize("path", ["/v1/messages", f"/model/{MODEL}/converse"])
@pytest.mark.parametrize(
    ("answers", "cause", "requests"),
    [
        ([refused("AccessDenied")], "StsAccessDenied", 1),
        ([refused("ValidationError", 400)], "StsValidationError", 1),
        ([refused("Throttling", 400)] * 2, "StsThrottling", 2),
        ([refused("InternalFailure", 500)] * 2, "StsInternalFailure", 2),
        ([TIMEOUT, TIMEOUT], "StsReadTimeout", 2),
        ([ServiceResponse(200, {}, b"<html>")] * 2, "StsUnreadable", 2),
    ],
)
def test_without_a_session_there_is_no_call(  # noqa: PLR0917 - the columns of the table
    caller: Caller,
    sts: ScriptedSts,
    capsys: pytest.CaptureFixture[str],
    path: str,
    answers: list[ServiceResponse | ServiceError],
    cause: str,
    requests: int,
) -> None:
    sts.answers = list(answers)
    response = caller.send(BODY, path=path)
    assert (response.status, response.headers["retry-after"]) == (503, "2")
    assert caller.bedrock.sent == []
    assert len(sts.sent) == requests
    assert b"arn:" not in response.body
    assert b"123456789012" not in response.body
    entry = audit_line(capsys)
    assert (entry["outcome"], entry["error_cause"]) == ("refused", cause)
    if "converse" in path:
        assert response.headers["x-amzn-errortype"] == "ServiceUnavailableException"


def test_what_fails_once_is_tried_once_more(caller: Caller, sts: ScriptedSts) -> None:
    sts.answers = [TIMEOUT]
    assert caller.send(BODY).status == 200
    assert len(sts.sent) == 2


def test_a_caller_without_a_name_has_no_session(caller: Caller, sts: ScriptedSts) -> None:
    assert caller.send_event(event()).status == 503
    assert sts.sent == []


def test_a_session_that_aws_has_ended_is_replaced_once(
    caller: Caller, sts: ScriptedSts, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.send(BODY)
    audit_line(capsys)
    caller.bedrock.earlier = [ScriptedReply(403, EXPIRED, [b"{}"])]
    caller.bedrock.answers(b"{}")
    assert caller.send(BODY).status == 200
    assert len(sts.sent) == 2
    assert audit_line(capsys)["earlier_attempts"][0]["error_cause"] == "ExpiredTokenException"
    caller.bedrock.reply = ScriptedReply(403, EXPIRED, [b"{}"])
    assert caller.send(BODY).status == 403
    assert len(sts.sent) == 3


def test_a_request_that_needs_no_call_leaves_the_session_for_the_next(
    caller: Caller, sts: ScriptedSts
) -> None:
    assert caller.send({**BODY, "model": "unknown"}).status == 404
    assert caller.send(BODY).status == 200
    assert len(sts.sent) == 1


def test_counting_tokens_goes_by_the_session_and_listing_models_needs_none(
    caller: Caller, sts: ScriptedSts
) -> None:
    assert caller.send("", method="GET", path="/v1/models").status == 200
    assert sts.sent == []
    caller.bedrock.answers(b'{"inputTokens": 3}')
    assert caller.send(BODY, path="/v1/messages/count_tokens").status == 200
    assert caller.bedrock.sent[0].credentials == ("ASIA1", "s+/=", "t+/=")


def test_a_process_holds_so_many_sessions_and_no_more(
    caller: Caller, sts: ScriptedSts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller_sessions, "MAX_SESSIONS", 2)
    for name in ("a1", "b1", "c1", "c1", "b1", "a1"):
        caller.send_event(event(tokenIssuer="corp", caller=name))
    names = [sent["RoleSessionName"] for sent in sts.sent]
    assert names == ["corp=3Aa1", "corp=3Ab1", "corp=3Ac1", "corp=3Aa1"]


def test_a_person_by_the_name_of_a_key_has_neither_its_session_nor_that_of_another_issuer(
    caller: Caller, sts: ScriptedSts
) -> None:
    for authorizer in (
        {"keyName": "search.web"},
        *({"tokenIssuer": issuer, "caller": "search.web"} for issuer in ("corp", "github")),
    ):
        sent = event(**authorizer)
        sent["requestContext"]["identity"] = {"apiKeyId": "key2"}
        caller.send_event(sent)
    names = [sent["RoleSessionName"] for sent in sts.sent]
    assert names == ["search.web", "corp=3Asearch.web", "github=3Asearch.web"]
    assert [sent["SourceIdentity"] for sent in sts.sent] == names


def test_a_list_of_models_is_a_session_policy(caller: Caller, sts: ScriptedSts) -> None:
    assert caller.sessions is not None
    incoming = from_event(event(tokenIssuer="corp", caller="ana"))
    for models in (frozenset({MODEL, "claude-of-no-stage"}), None):
        caller.sessions.begin(incoming.caller, models).credentials(3.0)
    policy = sts.sent[0]["Policy"]
    assert "inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0" in policy
    assert "claude-opus" not in policy
    assert "Policy" not in sts.sent[1]


def test_a_list_that_fits_no_session_policy_opens_no_session(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from claude_bedrock.catalog import session_policies  # noqa: PLC0415

    monkeypatch.setattr(session_policies, "SESSION_POLICY_CHARACTERS", 10)
    assert caller.sessions is not None
    incoming = from_event(event(tokenIssuer="corp", caller="ana"))
    with pytest.raises(SessionUnavailable):
        caller.sessions.begin(incoming.caller, frozenset({MODEL}))
