"""Which model ids a call may carry, Region by Region and day by day."""

import pytest

from local.bedrock.errors import RefusedError
from local.bedrock.model_ids import Target, identify, identify_application, is_application

BASE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
UNKNOWN = "The provided model identifier is invalid."
ARN = "arn:aws:bedrock:us-east-1"


def find(requested: str, region: str = "us-east-1", today: str = "2026-11-23") -> Target:
    return identify(requested, region=region, account="123456789012", today=today)


@pytest.mark.parametrize(
    "requested",
    [
        f"global.{BASE}",
        f"us.{BASE}",
        f"{ARN}:123456789012:inference-profile/us.{BASE}",
    ],
)
def test_a_profile_or_its_arn_names_a_model(requested: str) -> None:
    target = find(requested)
    assert (target.model.base_id, target.requested) == (BASE, requested)


def test_a_geography_is_answered_within_it() -> None:
    regions = {find(f"us.{BASE}").inference_region(bytes([seed])) for seed in range(100)}
    assert regions == {"us-east-1", "us-east-2", "us-west-2"}


@pytest.mark.parametrize("requested", [BASE, f"{ARN}::foundation-model/{BASE}"])
def test_a_bare_base_id_has_no_throughput_of_its_own(requested: str) -> None:
    with pytest.raises(RefusedError, match="with on-demand throughput isn’t supported"):  # noqa: RUF001
        find(requested)


@pytest.mark.parametrize(
    "requested",
    [
        "claude-sonnet-4-5",
        "anthropic.claude-sonnet-9",
        f"eu.{BASE}",
        f"jp.{BASE}",
        f"apac.{BASE}",
        f"xx.{BASE}",
        f"{ARN}:999999999999:inference-profile/us.{BASE}",
        f"arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.{BASE}",
        f"{ARN}::foundation-model/us.{BASE}",
        f"{ARN}:123456789012:inference-profile/{BASE}",
        f"{ARN}:123456789012:application-inference-profile/us.{BASE}",
        f"{ARN}:123456789012:application-inference-profile/abc",
        "",
    ],
)
def test_other_names_are_invalid(requested: str) -> None:
    with pytest.raises(RefusedError) as refused:
        find(requested)
    assert (refused.value.status, refused.value.message) == (400, UNKNOWN)


def test_a_model_ends_on_its_day() -> None:
    profile = "global.anthropic.claude-sonnet-4-20250514-v1:0"
    assert find(profile, today="2026-10-13").model.name == "claude-sonnet-4"
    with pytest.raises(RefusedError, match="has reached the end of its life") as refused:
        find(profile, today="2026-10-14")
    assert (refused.value.name, refused.value.status) == ("ResourceNotFoundException", 404)


def test_a_model_whose_last_day_is_unknown_is_retired() -> None:
    with pytest.raises(RefusedError, match="has reached the end of its life"):
        find("us.anthropic.claude-opus-4-20250514-v1:0", today="2026-01-01")


def test_a_model_by_invitation_is_denied() -> None:
    with pytest.raises(RefusedError) as refused:
        find("global.anthropic.claude-mythos-5")
    assert (refused.value.name, refused.value.status) == ("AccessDeniedException", 403)


def behind(*regions: str) -> list[str]:
    return [f"arn:aws:bedrock:{region}::foundation-model/{BASE}" for region in regions]


def find_application(requested: str, models: list[str], today: str = "2026-11-23") -> Target:
    account = "123456789012"
    return identify_application(requested, models, region="us-east-1", account=account, today=today)


APPLICATION = f"{ARN}:123456789012:application-inference-profile/abc"


def test_only_an_application_profiles_arn_is_one() -> None:
    assert is_application(APPLICATION)
    assert not is_application("abc")
    assert not is_application(f"{ARN}:123456789012:inference-profile/us.{BASE}")


def test_an_application_profile_is_answered_where_the_models_behind_it_are() -> None:
    target = find_application(APPLICATION, behind("us-east-1", "us-west-2"))
    assert (target.model.base_id, target.requested) == (BASE, APPLICATION)
    assert set(target.destinations) == {"us-east-1", "us-west-2"}


def test_a_model_without_a_region_is_behind_a_global_one() -> None:
    target = find_application(APPLICATION, behind("us-east-1", ""))
    assert "" not in target.destinations
    assert {"us-east-1", "eu-west-1"} <= set(target.destinations)


@pytest.mark.parametrize(
    ("requested", "models"),
    [
        (APPLICATION, []),
        (APPLICATION, ["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0"]),
        (APPLICATION.replace("123456789012", "999999999999"), behind("us-east-1")),
        (APPLICATION.replace("us-east-1", "us-west-2"), behind("us-east-1")),
    ],
)
def test_an_application_profile_that_is_not_the_callers_is_invalid(
    requested: str, models: list[str]
) -> None:
    with pytest.raises(RefusedError) as refused:
        find_application(requested, models)
    assert (refused.value.status, refused.value.message) == (400, UNKNOWN)


def test_an_application_profile_ends_with_its_model() -> None:
    retired = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-20250514-v1:0"
    with pytest.raises(RefusedError, match="has reached the end of its life"):
        find_application(APPLICATION, [retired], today="2026-10-14")
