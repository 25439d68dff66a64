"""A team's key calls by the team's own profiles, and nobody outside hears of them."""

from urllib.parse import quote

import pytest

from gateway.settings import Settings
from tests.unit.gateway.conftest import MODEL, PROFILE, Caller, audit_line

OWN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456"
ASK = {"model": MODEL, "max_tokens": 1, "messages": []}


@pytest.fixture
def with_team(settings: Settings) -> Settings:
    return settings._replace(team_profiles={"search": {PROFILE: OWN}})


def named(settings: Settings, name: str) -> Caller:
    return Caller(settings._replace(api_key_names={"key1": name}))


@pytest.mark.parametrize("path", ["/v1/messages", f"/model/{MODEL}/invoke"])
def test_a_teams_key_calls_by_the_teams_profile(
    with_team: Settings, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    caller = named(with_team, "search.web")
    response = caller.send(ASK, path=path)

    assert caller.bedrock.sent[0].path == f"/model/{quote(OWN, safe='')}/invoke"
    assert response.headers["x-gateway-model-id"] == PROFILE
    assert "123456789012" not in str(response.headers) + response.body.decode()
    audit = audit_line(capsys)
    assert (audit["team"], audit["model_id"]) == ("search", PROFILE)


@pytest.mark.parametrize("name", ["search", "searching.web", "support.web", "default"])
def test_any_other_key_calls_by_the_stages_profile(with_team: Settings, name: str) -> None:
    caller = named(with_team, name)
    assert caller.send(ASK).status == 200
    assert caller.bedrock.sent[0].path == f"/model/{quote(PROFILE, safe='')}/invoke"


def test_tokens_are_counted_by_the_bare_model_for_a_team_too(with_team: Settings) -> None:
    caller = named(with_team, "search.web")
    caller.bedrock.answers(b'{"inputTokens": 3}')
    assert caller.send(ASK, path="/v1/messages/count_tokens").status == 200
    assert "application-inference-profile" not in caller.bedrock.sent[0].path
