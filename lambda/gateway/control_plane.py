"""Bedrock's lists of models and inference profiles, as far as this stage allows them.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html.
Every parameter of these operations does what it does at Bedrock. The ARNs in the answers carry no
account id: nobody outside needs it, and none is needed to call.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import Any, Final

from claude_bedrock import catalog
from gateway import errors, team_profiles
from gateway.model_resolution import allowed_models, resolve, today
from gateway.query_parameters import Constraint, Number, OneOf, Text, check
from gateway.request_context import RequestContext
from gateway.settings import Settings

_SYSTEM, _APPLICATION = "SYSTEM_DEFINED", "APPLICATION"

PARAMETERS: Final[Mapping[str, Mapping[str, Constraint]]] = {
    "ListFoundationModels": {
        "byProvider": Text("[A-Za-z0-9- ]{1,63}"),
        "byCustomizationType": OneOf(("FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION")),
        "byOutputModality": OneOf(("TEXT", "IMAGE", "EMBEDDING")),
        "byInferenceType": OneOf(("ON_DEMAND", "PROVISIONED")),
    },
    "ListInferenceProfiles": {
        "maxResults": Number(1, 1000),
        "nextToken": Text(r"\S*", 1, 2048),
        "type": OneOf((_SYSTEM, _APPLICATION)),
    },
    "GetFoundationModel": {},
    "GetInferenceProfile": {},
}
"""Operation -> its parameters in the query, by their names there."""

_FILTERS: Final = {
    "byCustomizationType": "customizationsSupported",
    "byOutputModality": "outputModalities",
    "byInferenceType": "inferenceTypesSupported",
}
_DATES: Final = {
    "legacyTime": "legacy",
    "publicExtendedAccessTime": "extended_access",
    "endOfLifeTime": "end_of_life",
}


def list_foundation_models(context: RequestContext) -> None:
    """Answer ListFoundationModels. Raises InvalidRequest."""
    query = context.request.query
    check(query, PARAMETERS["ListFoundationModels"])
    settings = context.settings
    summaries = [_model(model, settings) for model in allowed_models(settings)]
    provider = query.get("byProvider")
    if provider is not None:
        name = provider.lower()
        summaries = [summary for summary in summaries if summary["providerName"].lower() == name]
    for name, member in _FILTERS.items():
        if name in query:
            summaries = [summary for summary in summaries if query[name] in summary[member]]
    context.response.send_json({"modelSummaries": summaries})


def get_foundation_model(context: RequestContext) -> None:
    """Answer GetFoundationModel. Raises GatewayError as a call of the model does."""
    resolved = context.resolve(context.parameters["id"])
    context.response.send_json({"modelDetails": _model(resolved.model, context.settings)})


def list_inference_profiles(context: RequestContext) -> None:
    """Answer ListInferenceProfiles: those that AWS defines, or with `type` those of the caller's
    team; without `type` Bedrock lists the first: https://github.com/aws/aws-cli/issues/9728.

    Raises InvalidRequest.
    """
    query, settings = context.request.query, context.settings
    check(query, PARAMETERS["ListInferenceProfiles"])
    kind = query.get("type", _SYSTEM)
    profiles = _system_profiles(settings) if kind == _SYSTEM else _team_profiles(context)
    summaries = list(profiles)
    start = _start(query.get("nextToken"), kind, len(summaries))
    end = start + int(query.get("maxResults", len(summaries)))
    content: dict[str, Any] = {"inferenceProfileSummaries": summaries[start:end]}
    if end < len(summaries):
        content["nextToken"] = _token(kind, end)
    context.response.send_json(content)


def get_inference_profile(context: RequestContext) -> None:
    """Answer GetInferenceProfile, by its id or ARN. Raises GatewayError."""
    requested = context.parameters["id"]
    profiles, team = context.settings.team_profiles, context.caller.team
    copied_id = team_profiles.copied_profile(requested, team, profiles, by_id=True)
    resolved = context.resolve(copied_id or requested)
    profile_id = resolved.profile_ids[0]
    if copied_id:
        arn = team_profiles.profile_for_team(profile_id, team, profiles)
        content = _team_profile(resolved.model, profile_id, arn, context)
    else:
        content = _profile(resolved.model, profile_id, context.settings.region)
    context.response.send_json(content)


def _system_profiles(settings: Settings) -> Iterator[dict[str, Any]]:
    for model in allowed_models(settings):
        for profile_id in resolve(model.name, settings).profile_ids:
            yield _profile(model, profile_id, settings.region)


def _team_profiles(context: RequestContext) -> Iterator[dict[str, Any]]:
    """Yield the application inference profiles of a team; none of no team."""
    allowed = allowed_models(context.settings)
    for copied_id, arn in context.settings.team_profiles.get(context.caller.team, {}).items():
        model = catalog.find(copied_id)
        if model is not None and model in allowed:
            yield _team_profile(model, copied_id, arn, context)


def _token(kind: str, position: int) -> str:
    return urlsafe_b64encode(f"{kind}/{position}".encode()).decode()


def _start(token: str | None, kind: str, most: int) -> int:
    """Return the position that a token of `_token` for the same list holds. Raises
    InvalidRequest."""
    if token is None:
        return 0
    try:
        written, _, position = urlsafe_b64decode(token).decode("ascii").partition("/")
        start = int(position)
    except ValueError as error:
        raise errors.InvalidRequest(_NOT_OF_THIS_LIST) from error
    if written != kind or not 0 < start < most:
        raise errors.InvalidRequest(_NOT_OF_THIS_LIST)
    return start


_NOT_OF_THIS_LIST: Final = (
    "The nextToken is not one of this list's. Ask without it, and with the same type as before."
)


def _model(model: catalog.Model, settings: Settings) -> dict[str, Any]:
    return {
        "modelArn": _model_arn(model, settings.region),
        "modelId": model.base_id,
        "modelName": model.display_name,
        "providerName": "Anthropic",
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["INFERENCE_PROFILE"],
        "modelLifecycle": _lifecycle(model, today()),
    }


def _lifecycle(model: catalog.Model, date: str) -> dict[str, str]:
    dates = {name: getattr(model.life, field) for name, field in _DATES.items()}
    known = {"startOfLifeTime": model.released, **dates}
    return {
        "status": "LEGACY" if catalog.is_legacy(model, date) else "ACTIVE",
        **{name: f"{day}T00:00:00Z" for name, day in known.items() if day},
    }


def _profile(model: catalog.Model, profile_id: str, region: str) -> dict[str, Any]:
    route = profile_id.partition(".")[0]
    return {
        "inferenceProfileName": f"{route.upper()} {model.display_name}",
        "inferenceProfileArn": f"arn:aws:bedrock:{region}::inference-profile/{profile_id}",
        "inferenceProfileId": profile_id,
        "models": _destinations(model, route, region),
        "status": "ACTIVE",
        "type": _SYSTEM,
    }


def _team_profile(
    model: catalog.Model, copied_id: str, arn: str, context: RequestContext
) -> dict[str, Any]:
    """Return a team's own profile, under the name that the stage gives it."""
    settings = context.settings
    route = copied_id.partition(".")[0]
    short = model.name.removeprefix("claude-")
    return {
        "inferenceProfileName": f"{settings.stage}-{context.caller.team}-{short}-{route}",
        "inferenceProfileArn": team_profiles.public_arn(arn),
        "inferenceProfileId": team_profiles.id_of(arn),
        "models": _destinations(model, route, settings.region),
        "status": "ACTIVE",
        "type": _APPLICATION,
    }


def _destinations(model: catalog.Model, route: str, region: str) -> list[dict[str, str]]:
    regions = catalog.reach(model, route, region) or (region, "")
    return [{"modelArn": _model_arn(model, destination)} for destination in regions]


def _model_arn(model: catalog.Model, region: str) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{model.base_id}"
