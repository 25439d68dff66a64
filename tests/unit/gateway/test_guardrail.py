"""Where a stage enforces a guardrail, every call carries it, whatever its client sent."""

import json

import pytest

from gateway.settings import Guardrail, Settings, SettingsError, _guardrail
from tests.unit.gateway.conftest import MODEL, Caller

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
