"""Which model ids a call may carry, Region by Region and day by day."""

import pytest

from local.bedrock.errors import RefusedError
from local.bedrock.identify import Target, identify

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


def test_a_model_whose_last_day_is_unknown_is_gone() -> None:
    with pytest.raises(RefusedError, match="has reached the end of its life"):
        find("us.anthropic.claude-opus-4-20250514-v1:0", today="2026-01-01")


def test_a_model_by_invitation_is_denied() -> None:
    with pytest.raises(RefusedError) as refused:
        find("global.anthropic.claude-mythos-5")
    assert (refused.value.name, refused.value.status) == ("AccessDeniedException", 403)
