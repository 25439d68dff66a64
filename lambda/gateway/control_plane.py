"""Bedrock's lists of models and inference profiles, as far as this stage allows them.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html.
Every parameter of these operations does what it does at Bedrock. The ARNs in the answers carry no
account id: nobody outside needs it, and none is needed to call.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import Any, Final

from claude_bedrock import catalog
from gateway import errors, team_profiles
from gateway.audit import Record, RecordedResponse
from gateway.query_parameters import Constraint, Number, OneOf, Text, check
from gateway.request import Request
from gateway.service import Service

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


def foundation_models(
    request: Request, response: RecordedResponse, _record: Record, service: Service
) -> None:
    """ListFoundationModels. Raises InvalidRequest."""
    query = request.query
    check(query, PARAMETERS["ListFoundationModels"])
    found = [_model(model, service) for model in service.allowed()]
    provider = query.get("byProvider")
    if provider is not None:
        found = [each for each in found if each["providerName"].lower() == provider.lower()]
    for name, member in _FILTERS.items():
        if name in query:
            found = [each for each in found if query[name] in each[member]]
    _answer(response, {"modelSummaries": found})


def foundation_model(
    request: Request, response: RecordedResponse, record: Record, service: Service
) -> None:
    """GetFoundationModel. Raises GatewayError as a call of the model does."""
    resolved = service.resolve(request.parameters["id"], record.team)
    record.resolved(resolved)
    _answer(response, {"modelDetails": _model(resolved.model, service)})


def inference_profiles(
    request: Request, response: RecordedResponse, record: Record, service: Service
) -> None:
    """ListInferenceProfiles: those that AWS defines, or with `type` those of the caller's team;
    without `type` Bedrock lists the first: https://github.com/aws/aws-cli/issues/9728.

    Raises InvalidRequest.
    """
    query = request.query
    check(query, PARAMETERS["ListInferenceProfiles"])
    kind = query.get("type", _SYSTEM)
    found = list(_system_profiles(service) if kind == _SYSTEM else _own(record.team, service))
    start = _start(query.get("nextToken"), kind, len(found))
    end = start + int(query.get("maxResults", len(found)))
    answer: dict[str, Any] = {"inferenceProfileSummaries": found[start:end]}
    if end < len(found):
        answer["nextToken"] = _token(kind, end)
    _answer(response, answer)


def inference_profile(
    request: Request, response: RecordedResponse, record: Record, service: Service
) -> None:
    """GetInferenceProfile, by its id or ARN. Raises GatewayError."""
    requested = request.parameters["id"]
    copied_id = service.copied_profile(requested, record.team, by_id=True)
    resolved = service.resolve(copied_id or requested, record.team)
    record.resolved(resolved)
    profile_id = resolved.profile_ids[0]
    if copied_id:
        arn = service.called_as(profile_id, record.team)
        _answer(response, _own_profile(resolved.model, profile_id, arn, record.team, service))
    else:
        _answer(response, _profile(resolved.model, profile_id, service.settings.region))


def _system_profiles(service: Service) -> Iterator[dict[str, Any]]:
    for model in service.allowed():
        for profile_id in service.resolve(model.name).profile_ids:
            yield _profile(model, profile_id, service.settings.region)


def _own(team: str, service: Service) -> Iterator[dict[str, Any]]:
    """The application inference profiles of a team; none of no team."""
    for copied_id, arn in service.settings.team_profiles.get(team, {}).items():
        model = catalog.find(copied_id)
        if model in service.allowed():
            yield _own_profile(model, copied_id, arn, team, service)


def _token(kind: str, position: int) -> str:
    return urlsafe_b64encode(f"{kind}/{position}".encode()).decode()


def _start(token: str | None, kind: str, most: int) -> int:
    """The position that a token of `_token` for the same list holds. Raises InvalidRequest."""
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


def _model(model: catalog.Model, service: Service) -> dict[str, Any]:
    return {
        "modelArn": _model_arn(model, service.settings.region),
        "modelId": model.base_id,
        "modelName": model.display_name,
        "providerName": "Anthropic",
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["INFERENCE_PROFILE"],
        "modelLifecycle": _lifecycle(model, service.today()),
    }


def _lifecycle(model: catalog.Model, today: str) -> dict[str, str]:
    dates = {name: getattr(model.life, field) for name, field in _DATES.items()}
    known = {"startOfLifeTime": model.released, **dates}
    return {
        "status": "LEGACY" if catalog.is_legacy(model, today) else "ACTIVE",
        **{name: f"{date}T00:00:00Z" for name, date in known.items() if date},
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


def _own_profile(
    model: catalog.Model, copied_id: str, arn: str, team: str, service: Service
) -> dict[str, Any]:
    """Its name is the one that the stage gives it."""
    route = copied_id.partition(".")[0]
    short = model.name.removeprefix("claude-")
    return {
        "inferenceProfileName": f"{service.settings.stage}-{team}-{short}-{route}",
        "inferenceProfileArn": team_profiles.public_arn(arn),
        "inferenceProfileId": team_profiles.id_of(arn),
        "models": _destinations(model, route, service.settings.region),
        "status": "ACTIVE",
        "type": _APPLICATION,
    }


def _destinations(model: catalog.Model, route: str, region: str) -> list[dict[str, str]]:
    regions = catalog.reach(model, route, region) or (region, "")
    return [{"modelArn": _model_arn(model, each)} for each in regions]


def _model_arn(model: catalog.Model, region: str) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{model.base_id}"


def _answer(response: RecordedResponse, content: dict[str, Any]) -> None:
    response.start(200, {"content-type": "application/json"})
    response.write(json.dumps(content).encode())
