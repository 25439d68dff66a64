"""What Bedrock answers of Claude's models in an account that has what the catalog has."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

from claude_bedrock import catalog
from claude_bedrock.catalog import MODELS, Model

TODAY = "2026-11-25"
REGION = "eu-central-1"
JST = timezone(timedelta(hours=9))


class Answers(NamedTuple):
    """What Bedrock answers to ListFoundationModels, and to each GetInferenceProfile."""

    models: list[dict[str, Any]]
    profiles: list[dict[str, Any]]


def midnight(day: str) -> datetime:
    """Written as of another zone: the day is that of UTC."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC).astimezone(JST)


def model_answer(model: Model) -> dict[str, Any]:
    dates = {
        "startOfLifeTime": model.released,
        "legacyTime": model.life.legacy,
        "publicExtendedAccessTime": model.life.extended_access,
        "endOfLifeTime": model.life.end_of_life,
    }
    outcome = {name: midnight(day) for name, day in dates.items() if day}
    status = "LEGACY" if catalog.is_legacy(model, TODAY) else "ACTIVE"
    return {
        "modelArn": f"arn:aws:bedrock:{REGION}::foundation-model/{model.base_id}",
        "modelId": model.base_id,
        "modelName": model.display_name,
        "inferenceTypesSupported": ["INFERENCE_PROFILE"],
        "modelLifecycle": {"status": status, **outcome},
    }


def profile_answer(route: str, base_id: str, regions: tuple[str, ...]) -> dict[str, Any]:
    where = regions or (REGION, "")
    return {
        "inferenceProfileName": route,
        "inferenceProfileArn": f"arn:aws:bedrock:{REGION}:1:inference-profile/{route}.{base_id}",
        "inferenceProfileId": f"{route}.{base_id}",
        "models": [
            {"modelArn": f"arn:aws:bedrock:{item}::foundation-model/{base_id}"} for item in where
        ],
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def answers(region: str) -> Answers:
    """The catalog as an account of the Region would tell it."""
    reached = [
        (model, route, regions)
        for model in MODELS
        for route in catalog.routes(model)
        if not catalog.is_retired(model, TODAY)
        and (regions := catalog.reach(model, route, region)) is not None
    ]
    listed = list({model.name: model for model, _, _ in reached}.values())
    profiles = [profile_answer(route, model.base_id, to) for model, route, to in reached]
    return Answers([model_answer(model) for model in listed], profiles)
