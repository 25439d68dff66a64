"""The routes beside Messages, the answers to what has no route, and the function's own failures."""

import json

import pytest

from gateway import handler, routes
from gateway.settings import SettingsError, load
from tests.unit.gateway.conftest import MODEL, Caller


def test_the_models_are_those_the_stage_allows(caller: Caller) -> None:
    page = caller.send("", "GET", "/v1/models").json()
    assert {entry["id"] for entry in page["data"]} == caller.settings.allowed_models
    assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])
    assert page["has_more"] is False
    for entry in page["data"]:
        assert entry["type"] == "model"
        assert entry["created_at"].endswith("Z")


@pytest.mark.parametrize(
    ("query", "shown", "more"),
    [({}, [0, 1], False), ({"limit": "1"}, [0], True), ({"limit": "1000"}, [0, 1], False),
     ({"after_id": "0"}, [1], False), ({"after_id": "1"}, [], False),
     ({"before_id": "1", "limit": "1"}, [0], False), ({"before_id": "0"}, [], False)],
)  # fmt: skip
def test_models_come_in_pages(
    caller: Caller, query: dict[str, str], shown: list[int], more: bool
) -> None:
    ids = [entry["id"] for entry in caller.send("", "GET", "/v1/models").json()["data"]]
    named = {key: ids[int(value)] if key.endswith("_id") else value for key, value in query.items()}
    page = caller.send("", "GET", "/v1/models", query=named).json()
    assert [entry["id"] for entry in page["data"]] == [ids[index] for index in shown]
    assert page["has_more"] is more


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "1001"}, {"limit": "x"}, {"after_id": "gpt-4"}]
)
def test_a_page_that_cannot_be_is_refused(caller: Caller, query: dict[str, str]) -> None:
    assert caller.send("", "GET", "/v1/models", query=query).status == 400


def test_bedrocks_own_path_for_messages_is_an_alias(caller: Caller) -> None:
    body = {"model": MODEL, "max_tokens": 1, "messages": []}
    assert caller.send(body, path="/anthropic/v1/messages").status == 200


@pytest.mark.parametrize("path", ["/", "/api/hello"])
def test_clients_head_request_gets_a_status_and_no_body(caller: Caller, path: str) -> None:
    response = caller.send("", "HEAD", path)
    assert (response.status, response.body) == (200, b"")


@pytest.mark.parametrize("name", [MODEL, "claude-sonnet-4-5-20250929"])
def test_one_model_answers_to_each_of_its_names(caller: Caller, name: str) -> None:
    assert caller.send("", "GET", f"/v1/models/{name}").json()["id"] == MODEL


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models/gpt-4"),
        ("GET", "/v1/models/claude-3-opus"),
        ("GET", "/v1/messages"),
        ("POST", "/v1/complete"),
        ("GET", "/"),
        ("DELETE", "/v1/models/claude-sonnet-4-5"),
    ],
)
def test_everything_else_is_a_404_in_anthropics_format(
    caller: Caller, method: str, path: str
) -> None:
    response = caller.send("", method, path)
    assert response.status == 404
    assert response.headers["content-type"] == "application/json"
    assert response.json()["error"]["type"] == "not_found_error"


def test_health_answers_without_calling_bedrock(caller: Caller) -> None:
    assert caller.send("", "GET", "/health").json() == {"status": "ok", "stage": "test"}
    assert caller.bedrock.sent == []


def test_a_defect_is_a_500_and_its_text_goes_nowhere(
    caller: Caller, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret-prompt")

    monkeypatch.setitem(routes._ROUTES, "GET /health", broken)
    response = caller.send("", "GET", "/health")
    assert (response.status, response.json()["error"]["type"]) == (500, "api_error")
    printed = capsys.readouterr().out
    assert "secret-prompt" not in printed + response.body.decode()
    lines = {line["message"]: line for line in map(json.loads, printed.splitlines()[:2])}
    assert lines["defect"]["error"] == "KeyError"
    assert any("broken" in where for where in lines["defect"]["where"])
    assert lines["audit"]["audit"]["outcome"] == "failed"


@pytest.mark.parametrize(
    ("path", "status", "metric"),
    [("/health", 0, ""), ("/nowhere", 0, "ClientErrors"), ("/v1/messages", 429, "BedrockThrottles"),
     ("/v1/messages", 500, "UpstreamErrors"), ("/v1/messages", 400, "ClientErrors"),
     ("/v1/messages", 403, "UpstreamErrors")],
)  # fmt: skip
def test_each_request_is_counted_once_by_what_came_of_it(
    caller: Caller, capsys: pytest.CaptureFixture[str], path: str, status: int, metric: str
) -> None:
    caller.bedrock.answers(b"{}", status=status)
    body = {"model": MODEL, "max_tokens": 1, "messages": []}
    caller.send(body, "POST" if path == "/v1/messages" else "GET", path)
    emf = json.loads(capsys.readouterr().out.splitlines()[-1])
    kinds = {"ClientErrors", "BedrockThrottles", "UpstreamErrors", "ServerErrors"}
    assert emf["Requests"] == [1.0]
    assert (emf["service"], emf["stage"]) == ("gateway", "test")
    assert kinds & set(emf) == ({metric} if metric else set())


GOOD = {
    "AWS_REGION": "eu-west-1",
    "STAGE": "s",
    "GEOGRAPHIES": "eu",
    "ALLOWED_MODELS": "a,b",
    "MAX_BODY_BYTES": "1",
    "PING_SECONDS": "0.5",
    "UNSUPPORTED_FIELDS": "drop",
    "API_KEY_NAMES": "{}",
}


def test_settings_come_from_the_environment() -> None:
    settings = load(GOOD)
    assert settings.allowed_models == {"a", "b"}
    assert settings.endpoint == "https://bedrock-runtime.eu-west-1.amazonaws.com"
    other = load({**GOOD, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://localhost:1"})
    assert other.endpoint == "http://localhost:1"


def test_a_teams_own_profiles_are_read_under_the_ids_of_those_they_copy() -> None:
    assert load(GOOD).team_profiles == {}
    lists = {
        "arn": "arn:p/",
        "teams": ["web", "ops"],
        "profiles": {"eu.a": ["1", "2"], "b": ["3", "4"]},
    }
    assert load({**GOOD, "TEAM_PROFILES": json.dumps(lists)}).team_profiles == {
        "web": {"eu.a": "arn:p/1", "b": "arn:p/3"},
        "ops": {"eu.a": "arn:p/2", "b": "arn:p/4"},
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(name, "") for name in GOOD],
        ("MAX_BODY_BYTES", "x"),
        ("MAX_BODY_BYTES", "-1"),
        ("PING_SECONDS", "nan"),
        ("UNSUPPORTED_FIELDS", "loose"),
        ("API_KEY_NAMES", "["),
        ("API_KEY_NAMES", "[]"),
        ("API_KEY_NAMES", '{"a":1}'),
        ("TEAM_PROFILES", "["),
        ("TEAM_PROFILES", "[]"),
        ("TEAM_PROFILES", '{"arn":"a","teams":["x"]}'),
        ("TEAM_PROFILES", '{"arn":"a","teams":["x"],"profiles":{"p":[1]}}'),
        ("TEAM_PROFILES", '{"arn":"a","teams":["x","y"],"profiles":{"p":["1"]}}'),
        ("TEAM_PROFILES", '{"arn":"a","teams":["x"],"profiles":{"p":["1","2"]}}'),
    ],
)
def test_a_bad_setting_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({**GOOD, name: value})


def test_a_bad_environment_stops_the_cold_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAGE", raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with pytest.raises(SettingsError, match="STAGE"):
        handler.initialize()
