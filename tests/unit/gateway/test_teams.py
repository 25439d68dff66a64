"""A team's key calls by the team's own profiles, and nobody outside hears of them."""

from urllib.parse import quote

import pytest

from gateway.settings import Settings
from tests.unit.gateway.conftest import MODEL, PROFILE, Caller, audit_line

OWN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456"
REQUEST = {"model": MODEL, "max_tokens": 1, "messages": []}


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
    response = caller.send(REQUEST, path=path)

    assert caller.bedrock.sent[0].path == f"/model/{quote(OWN, safe='')}/invoke"
    assert response.headers["x-gateway-model-id"] == PROFILE
    assert "123456789012" not in str(response.headers) + response.body.decode()
    audit = audit_line(capsys)
    assert (audit["team"], audit["model_id"]) == ("search", PROFILE)


@pytest.mark.parametrize("name", ["search", "searching.web", "support.web", "default"])
def test_any_other_key_calls_by_the_stages_profile(with_team: Settings, name: str) -> None:
    caller = named(with_team, name)
    assert caller.send(REQUEST).status == 200
    assert caller.bedrock.sent[0].path == f"/model/{quote(PROFILE, safe='')}/invoke"


def test_tokens_are_counted_by_the_bare_model_for_a_team_too(with_team: Settings) -> None:
    caller = named(with_team, "search.web")
    caller.bedrock.answers(b'{"inputTokens": 3}')
    assert caller.send(REQUEST, path="/v1/messages/count_tokens").status == 200
    assert "application-inference-profile" not in caller.bedrock.sent[0].path


OTHERS = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/zzz123def456"
DOORS = ["/v1/messages", "/model/{}/invoke", "/model/{}/converse", "/v1/messages/count_tokens"]


@pytest.fixture
def with_two(settings: Settings) -> Settings:
    """Of a stage that routes by `us` before `global`, of which the copies are."""
    profiles = {"search": {PROFILE: OWN}, "support": {PROFILE: OTHERS}}
    return settings._replace(team_profiles=profiles, geographies=("us", "global"))


@pytest.mark.parametrize("door", DOORS[:3])
@pytest.mark.parametrize("written", [OWN, OWN.replace("123456789012", ""), f"bedrock/{OWN}"])
def test_a_team_calls_by_the_arn_of_its_own_profile(
    with_two: Settings, door: str, written: str
) -> None:
    caller = named(with_two, "search.web")
    response = caller.send({**REQUEST, "model": written}, path=door.format(quote(written, safe="")))

    assert response.status == 200
    assert caller.bedrock.sent[0].path.startswith(f"/model/{quote(OWN, safe='')}/")
    assert response.headers["x-gateway-model-id"] == PROFILE


@pytest.mark.parametrize("door", [*DOORS, "GET /inference-profiles/{}", "GET /v1/models/{}"])
@pytest.mark.parametrize(
    ("key", "arn", "status"),
    [
        ("search.web", OTHERS, 403),
        ("default", OWN, 403),
        ("search.web", OWN.replace("abc", "xyz"), 404),
        ("search.web", OWN.replace("us-east-1", "us-west-2"), 404),
    ],
)
def test_the_arn_of_anybody_elses_profile_is_refused_and_not_repeated(
    with_two: Settings, door: str, key: str, arn: str, status: int
) -> None:
    caller = named(with_two, key)
    method, _, path = door.rpartition(" ")
    refused = caller.send(
        {**REQUEST, "model": arn}, method or "POST", path.format(quote(arn, safe=""))
    )

    assert refused.status == status
    text = refused.body.decode()
    assert "ask for a model by its name" in text.lower()
    assert not any(part in text for part in ("arn:", "123456789012", "def456", "support"))
    assert caller.bedrock.sent == []
