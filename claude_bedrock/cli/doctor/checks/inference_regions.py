"""Which Regions may answer a call by each profile of the stage, against its residency.

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
        _look(account, settings, model, route)
        for model in catalog.MODELS
        if model.name in settings.models
        for route in settings.geographies
        if catalog.reach(model, route, account.region) is not None
    ]


def _look(account: Account, settings: Settings, model: Model, route: str) -> Check:
    topic = Topic(NAME, catalog.profile_id(model, route))

    def check_regions() -> Check:
        try:
            found = account.client("bedrock").get_inference_profile(
                inferenceProfileIdentifier=topic.subject
            )
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return missing(topic, account.region)
            raise
        regions = {one["modelArn"].split(":")[3] for one in found["models"]}
        expected = invoke_policies.profile_destinations(model, route, account.region)
        return judge(topic, regions, frozenset(expected), settings.residency)

    return topic.asked("bedrock:GetInferenceProfile", check_regions)


def missing(topic: Topic, region: str) -> Check:
    return topic.failed(
        f"{region} has no such profile, although the catalog says so",
        "take the model or the geography out of the stage's block, and correct the catalog: "
        "`claude-bedrock models sync`",
    )


def judge(
    topic: Topic,
    found: AbstractSet[str],
    expected: AbstractSet[str],
    residency: tuple[str, ...] | None,
) -> Check:
    """`found` are the Regions of AWS's answer, `expected` the catalog's; none for `global`."""
    outside = _outside(found, residency)
    if outside:
        return topic.failed(
            f"may be answered in {_told(outside)}, outside the stage's residency",
            "take the model or the geography out of the stage's block, and deploy; or widen its "
            "`residency`, if that is allowed",
        )
    if ANYWHERE in found or not expected:
        return topic.ok(_told(found))
    if more := found - expected:
        return topic.failed(
            f"also {_told(more)}, which the catalog and so the policies do not name: "
            "a call answered there is denied",
            "correct the catalog (`claude-bedrock models sync`), and deploy",
        )
    if fewer := expected - found:
        return topic.warning(
            f"{_told(found)}; the catalog also has {_told(fewer)}",
            "correct the catalog: `claude-bedrock models sync`",
        )
    return topic.ok(_told(found))


def _outside(found: AbstractSet[str], residency: tuple[str, ...] | None) -> set[str]:
    if residency is None:
        return set()
    return {region for region in found if not stage_models.within(region, residency)}


def _told(regions: AbstractSet[str]) -> str:
    if ANYWHERE in regions:
        return "any commercial Region"
    return ", ".join(sorted(regions))
