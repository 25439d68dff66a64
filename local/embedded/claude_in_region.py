"""The Claude models and inference profiles of a Region, as Bedrock's control plane words them.

All of it is computed from the catalog:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_FoundationModelDetails.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_InferenceProfileSummary.html.
"""

from typing import Any, NamedTuple

from claude_bedrock import catalog
from claude_bedrock.catalog import Model, invoke_policies

Json = dict[str, Any]


class AccountRegion(NamedTuple):
    """A Region, as an account sees it on a day (an ISO date)."""

    region: str
    account: str
    today: str


def models(account_region: AccountRegion) -> list[Model]:
    """Return the models that can be called from the Region."""
    return [
        model
        for model in catalog.MODELS
        if not catalog.is_retired(model, account_region.today) and _routes(model, account_region)
    ]


def find_model(identifier: str, account_region: AccountRegion) -> Model | None:
    """Return the model with that base id or ARN, if the Region has it."""
    spellings = (
        (model, (model.base_id, _model_arn(model, account_region.region)))
        for model in models(account_region)
    )
    return next((model for model, known in spellings if identifier in known), None)


def model_details(model: Model, account_region: AccountRegion) -> Json:
    return {
        "modelArn": _model_arn(model, account_region.region),
        "modelId": model.base_id,
        "modelName": model.display_name,
        "providerName": "Anthropic",
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["INFERENCE_PROFILE"],
        "modelLifecycle": _lifecycle(model, account_region),
    }


def profiles(account_region: AccountRegion) -> list[Json]:
    """Return the system profiles that can be called from the Region."""
    return [
        _profile(model, route, account_region)
        for model in models(account_region)
        for route in _routes(model, account_region)
    ]


def find_profile(identifier: str, account_region: AccountRegion) -> Json | None:
    """Return the system profile with that id or ARN, if it can be called from the Region."""
    keys = ("inferenceProfileId", "inferenceProfileArn")
    return next(
        (
            profile
            for profile in profiles(account_region)
            if identifier in {profile[key] for key in keys}
        ),
        None,
    )


def _routes(model: Model, account_region: AccountRegion) -> list[str]:
    return [
        route
        for route in catalog.routes(model)
        if catalog.reach(model, route, account_region.region) is not None
    ]


def _profile(model: Model, route: str, account_region: AccountRegion) -> Json:
    profile_id = catalog.profile_id(model, route)
    # A global profile names the source Region and the model without any:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html
    reached = invoke_policies.profile_destinations(model, route, account_region.region) or (
        account_region.region,
        "",
    )
    where = "Global" if route == "global" else route.upper()
    return {
        "inferenceProfileName": f"{where} Anthropic {model.display_name}",
        "inferenceProfileArn": (
            f"arn:aws:bedrock:{account_region.region}:{account_region.account}:inference-profile/{profile_id}"
        ),
        "inferenceProfileId": profile_id,
        "models": [{"modelArn": _model_arn(model, region)} for region in reached],
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def _lifecycle(model: Model, account_region: AccountRegion) -> Json:
    dates = {
        "startOfLifeTime": model.released,
        "legacyTime": model.life.legacy,
        "publicExtendedAccessTime": model.life.extended_access,
        "endOfLifeTime": model.life.end_of_life,
    }
    known = {name: f"{date}T00:00:00Z" for name, date in dates.items() if date}
    return {
        "status": "LEGACY" if catalog.is_legacy(model, account_region.today) else "ACTIVE",
        **known,
    }


def _model_arn(model: Model, region: str) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{model.base_id}"
