"""Where a stage enforces a guardrail, every call carries it, whatever its client sent."""

import json

import pytest

from gateway.settings import (
    INVOKE,
    MESSAGES,
    Guardrail,
    Settings,
    SettingsError,
    _guardrail,
    load,
)
from tests.unit.gateway.conftest import ENVIRONMENT, MODEL, Caller

REQUEST = {"model": MODEL, "max_tokens": 1, "messages": []}
CLIENT_HEADERS = {
    "X-Amzn-Bedrock-GuardrailIdentifier": "theirs",
    "X-Amzn-Bedrock-GuardrailVersion": "9",
    "X-Amzn-Bedrock-Trace": "ENABLED",
}


@pytest.fixture
def enforcing(settings: Settings) -> Caller:
    return Caller(settings._replace(guardrail=Guardrail("ours", "1")))


@pytest.mark.parametrize("path", ["/v1/messages", f"/model/{MODEL}/invoke"])
def test_invoke_carries_it_in_its_headers(enforcing: Caller, path: str) -> None:
    assert enforcing.send(REQUEST, path=path, headers=CLIENT_HEADERS).status == 200
    sent = enforcing.bedrock.sent[0].headers
    assert sent["x-amzn-bedrock-guardrailidentifier"] == "ours"
    assert sent["x-amzn-bedrock-guardrailversion"] == "1"
    assert sent["x-amzn-bedrock-trace"] == "ENABLED"


def test_converse_carries_it_in_its_body(enforcing: Caller) -> None:
    client_config = {"guardrailIdentifier": "theirs", "guardrailVersion": "9", "trace": "enabled"}
    path = f"/model/{MODEL}/converse"
    assert (
        enforcing.send({"messages": [], "guardrailConfig": client_config}, path=path).status == 200
    )
    assert enforcing.bedrock.body["guardrailConfig"] == {
        "guardrailIdentifier": "ours",
        "guardrailVersion": "1",
        "trace": "enabled",
    }


@pytest.fixture
def of_team(settings: Settings) -> Caller:
    return Caller(
        settings._replace(
            api_key_names={"key1": "search.web"},
            team_profiles={"search": {}},
            team_guardrails={"search": Guardrail("teams", "3")},
        )
    )


@pytest.mark.parametrize("upstream", [INVOKE, MESSAGES])
def test_a_teams_callers_cannot_leave_out_the_teams_guardrail(
    of_team: Caller, upstream: str
) -> None:
    of_team.settings = of_team.settings._replace(messages_upstream=upstream)
    of_team.send(REQUEST, headers=CLIENT_HEADERS)
    of_team.send({"messages": []}, path=f"/model/{MODEL}/converse")
    sent = of_team.bedrock.sent[0].headers
    assert sent["x-amzn-bedrock-guardrailidentifier"] == "teams"
    assert sent["x-amzn-bedrock-guardrailversion"] == "3"
    assert of_team.bedrock.body["guardrailConfig"] == {
        "guardrailIdentifier": "teams",
        "guardrailVersion": "3",
    }


def test_a_teams_callers_may_not_have_a_stream_before_it_is_checked(of_team: Caller) -> None:
    unchecked = {"messages": [], "guardrailConfig": {"streamProcessingMode": "async"}}
    response = of_team.send(unchecked, path=f"/model/{MODEL}/converse-stream")
    assert (response.status, of_team.bedrock.sent) == (400, [])


def test_other_teams_have_no_guardrail_of_it(of_team: Caller) -> None:
    of_team.settings = of_team.settings._replace(api_key_names={"key1": "searching"})
    of_team.send(REQUEST)
    assert "x-amzn-bedrock-guardrailidentifier" not in of_team.bedrock.sent[0].headers


def test_teams_guardrails_are_read_from_the_environment() -> None:
    text = '{"search":"abc:3"}'
    read = load({**ENVIRONMENT, "TEAM_GUARDRAILS": text}).team_guardrails
    assert read == {"search": Guardrail("abc", "3")}
    with pytest.raises(SettingsError, match="TEAM_GUARDRAILS must be ID:VERSION"):
        load({**ENVIRONMENT, "TEAM_GUARDRAILS": '{"search":"abc"}'})


def test_without_one_the_clients_own_is_left(settings: Settings) -> None:
    caller = Caller(settings)
    caller.send(REQUEST, headers=CLIENT_HEADERS)
    assert caller.bedrock.sent[0].headers["x-amzn-bedrock-guardrailidentifier"] == "theirs"
    caller.send({"messages": []}, path=f"/model/{MODEL}/converse")
    assert "guardrailConfig" not in json.loads(caller.bedrock.sent[1].body)


@pytest.mark.parametrize(
    ("text", "read"), [(None, None), ("", None), ("abc:7", Guardrail("abc", "7"))]
)
def test_it_is_read_from_the_environment(text: str | None, read: Guardrail | None) -> None:
    assert _guardrail({} if text is None else {"GUARDRAIL": text}, "GUARDRAIL") == read


@pytest.mark.parametrize("text", ["abc", "abc:", ":1"])
def test_half_of_one_stops_the_cold_start(text: str) -> None:
    with pytest.raises(SettingsError, match="GUARDRAIL must be ID:VERSION"):
        _guardrail({"GUARDRAIL": text}, "GUARDRAIL")
