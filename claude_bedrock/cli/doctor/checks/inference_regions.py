"""The check of the Regions that may answer a call by each profile of the stage, against its
residency.

A profile's prefix promises no residency; GetInferenceProfile in the source Region tells:
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
"""

from collections.abc import Set as AbstractSet

from botocore.exceptions import ClientError

from claude_bedrock import catalog
from claude_bedrock.catalog import Model, invoke_policies, stage_models
from claude_bedrock.cli.doctor.check import Check, Topic, code_of
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.stage_settings import Settings

NAME = "destination Regions"
ANYWHERE = ""
"""What stands for the Region in a model's ARN behind a global profile."""


def check(account: Account, settings: Settings) -> list[Check]:
    return [
        _check_profile(account, settings, model, route)
        for model in catalog.MODELS
        if model.name in settings.models
        for route in settings.geographies
        if catalog.reach(model, route, account.region) is not None
    ]


def _check_profile(account: Account, settings: Settings, model: Model, route: str) -> Check:
    topic = Topic(NAME, catalog.profile_id(model, route))

    def check_regions() -> Check:
        try:
            profile = account.client("bedrock").get_inference_profile(
                inferenceProfileIdentifier=topic.subject
            )
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return missing(topic, account.region)
            raise
        regions = {destination["modelArn"].split(":")[3] for destination in profile["models"]}
        expected = invoke_policies.profile_destinations(model, route, account.region)
        return judge(topic, regions, frozenset(expected), settings.residency)

    return topic.run("bedrock:GetInferenceProfile", check_regions)


def missing(topic: Topic, region: str) -> Check:
    return topic.failed(
        f"{region} has no such profile, although the catalog says so",
        "take the model or the geography out of the stage's block, and correct the catalog: "
        "`claude-bedrock models sync`",
    )


def judge(
    topic: Topic,
    regions: AbstractSet[str],
    expected: AbstractSet[str],
    residency: tuple[str, ...] | None,
) -> Check:
    """Compare the Regions of AWS's answer with `expected`, the catalog's; none for `global`."""
    outside = _outside(regions, residency)
    if outside:
        return topic.failed(
            f"may be answered in {_region_list(outside)}, outside the stage's residency",
            "take the model or the geography out of the stage's block, and deploy; or widen its "
            "`residency`, if that is allowed",
        )
    if ANYWHERE in regions or not expected:
        return topic.ok(_region_list(regions))
    if more := regions - expected:
        return topic.failed(
            f"also {_region_list(more)}, which the catalog and so the policies do not name: "
            "a call answered there is denied",
            "correct the catalog (`claude-bedrock models sync`), and deploy",
        )
    if fewer := expected - regions:
        return topic.warning(
            f"{_region_list(regions)}; the catalog also has {_region_list(fewer)}",
            "correct the catalog: `claude-bedrock models sync`",
        )
    return topic.ok(_region_list(regions))


def _outside(regions: AbstractSet[str], residency: tuple[str, ...] | None) -> set[str]:
    if residency is None:
        return set()
    return {region for region in regions if not stage_models.within(region, residency)}


def _region_list(regions: AbstractSet[str]) -> str:
    if ANYWHERE in regions:
        return "any commercial Region"
    return ", ".join(sorted(regions))
