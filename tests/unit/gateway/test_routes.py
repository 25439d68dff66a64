"""Which profile is asked first, when the next one is, and how a model says that it is going."""

import json

import pytest

from claude_bedrock import catalog
from gateway.deadline import Deadline
from gateway.model_call import ModelCall
from gateway.response import ClientResponse
from gateway.settings import Settings
from tests.unit.gateway.conftest import MODEL, Caller, audit_line
from tests.unit.gateway.fakes import ScriptedReply, SentResponse

EVENT = {"httpMethod": "POST", "path": "/v1/messages", "requestContext": {"requestId": "gw-1"}}
BASE_ID = "anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.fixture
def falling_back(settings: Settings) -> Caller:
    """A stage that routes by `us`, then by `global`."""
    return Caller(settings._replace(geographies=("us", "global")))


def message_body(model: str = MODEL) -> dict[str, object]:
    return {"model": model, "max_tokens": 1, "messages": []}


def refuses(caller: Caller, exception: str, status: int) -> ScriptedReply:
    body = json.dumps({"message": "not now"}).encode()
    named = {"x-amzn-errortype": exception, "x-amzn-requestid": "bedrock-0"}
    caller.bedrock.earlier = [ScriptedReply(status, named, [body])]
    return caller.bedrock.earlier[0]


def geographies_called(caller: Caller) -> list[str]:
    return [sent.path.split("/")[2].partition(".")[0] for sent in caller.bedrock.sent]


def test_the_stages_own_geography_is_called_and_no_other_while_it_answers(
    falling_back: Caller,
) -> None:
    assert falling_back.send(message_body()).status == 200
    assert geographies_called(falling_back) == ["us"]


@pytest.mark.parametrize(
    ("exception", "status"),
    [
        ("ThrottlingException", 429),
        ("ServiceQuotaExceededException", 400),
        ("ModelNotReadyException", 429),
        ("ServiceUnavailableException", 503),
    ],
)
def test_the_next_geography_is_called_where_bedrock_has_no_capacity(
    falling_back: Caller, capsys: pytest.CaptureFixture[str], exception: str, status: int
) -> None:
    refused = refuses(falling_back, exception, status)

    response = falling_back.send(message_body())

    assert (response.status, response.headers["request-id"]) == (200, "bedrock-1")
    assert geographies_called(falling_back) == ["us", "global"]
    assert refused.closed
    audit = audit_line(capsys)
    assert audit["model_id"] == f"global.{BASE_ID}"
    assert audit["earlier_attempts"] == [
        {
            "model_id": f"us.{BASE_ID}",
            "bedrock_request_id": "bedrock-0",
            "error_cause": exception,
            "upstream_status": status,
            "upstream_complete": True,
        }
    ]


@pytest.mark.parametrize(
    ("exception", "status"),
    [("ValidationException", 400), ("AccessDeniedException", 403), ("ModelErrorException", 424)],
)
def test_what_another_geography_would_answer_alike_is_called_once(
    falling_back: Caller, exception: str, status: int
) -> None:
    refuses(falling_back, exception, status)
    assert falling_back.send(message_body()).status >= 400
    assert geographies_called(falling_back) == ["us"]


def test_the_last_routes_refusal_is_the_callers(falling_back: Caller) -> None:
    refuses(falling_back, "ThrottlingException", 429)
    falling_back.bedrock.reply = ScriptedReply(429, {"retry-after": "7"}, [b"{}"])

    response = falling_back.send(message_body())

    assert (response.status, response.headers["retry-after"]) == (429, "7")
    assert geographies_called(falling_back) == ["us", "global"]


def test_the_first_geography_is_called_again_only_when_all_have_refused(
    falling_back: Caller,
) -> None:
    refuses(falling_back, "ThrottlingException", 429)
    falling_back.bedrock.earlier.append(ScriptedReply(503, {}, [b"{}"]))

    assert falling_back.send(message_body()).status == 200
    assert geographies_called(falling_back) == ["us", "global", "us"]


@pytest.mark.parametrize("route", ["us", "global"])
def test_who_names_a_route_gets_that_one_or_none(falling_back: Caller, route: str) -> None:
    falling_back.bedrock.answers(b"{}", status=429)
    assert falling_back.send(message_body(f"{route}.{BASE_ID}")).status == 429
    assert set(geographies_called(falling_back)) == {route}


@pytest.mark.parametrize("route", ["global", "us"])
@pytest.mark.parametrize("path", ["/v1/messages", "/model/{}/invoke", "/model/{}/converse-stream"])
def test_a_stage_of_one_geography_refuses_every_other_and_sends_no_request(
    settings: Settings, path: str, route: str
) -> None:
    caller = Caller(settings._replace(geographies=("eu",), region="eu-west-1"))
    profile = f"{route}.{BASE_ID}"

    response = caller.send(message_body(profile), path=path.format(profile))

    assert response.status == 400
    assert f"routed by eu only, not by {route}" in response.body.decode()
    assert caller.bedrock.sent == []


def test_profiles_of_every_geography_are_listed_and_read_one_by_one(falling_back: Caller) -> None:
    listed = falling_back.send("", "GET", "/inference-profiles").json()["inferenceProfileSummaries"]
    ids = [profile["inferenceProfileId"] for profile in listed]
    assert [id_ for id_ in ids if id_.endswith(BASE_ID)] == [
        f"us.{BASE_ID}",
        f"global.{BASE_ID}",
    ]
    for id_ in ids:
        body = falling_back.send("", "GET", f"/inference-profiles/{id_}").json()
        assert body["inferenceProfileId"] == id_


@pytest.mark.parametrize("legacy", [True, False])
def test_a_legacy_models_answers_have_deprecation_and_sunset(*, legacy: bool) -> None:
    opus = catalog.find("claude-opus-4-1")
    assert opus is not None
    call = ModelCall()
    call.note_model(catalog.Resolved(opus, ("us.anthropic.claude-opus-4-1",), legacy))
    sent = SentResponse()
    ClientResponse(sent, "gw-1", call, Deadline(900), {}).start(200, {})
    headers = {"deprecation": "@1783468800", "sunset": "Fri, 08 Jan 2027 00:00:00 GMT"}
    assert sent.headers == {"request-id": "gw-1", **(headers if legacy else {})}
