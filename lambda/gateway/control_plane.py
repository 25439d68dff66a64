"""Bedrock's lists of models and inference profiles, as far as this stage allows them.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html.
The ARNs in them carry no account id: nobody outside needs it, and none is needed to call.
"""

import json
from typing import Any
from urllib.parse import unquote

import catalog
from catalog import access
from gateway import errors
from gateway.audit import Record, RecordedResponse
from gateway.request import Request
from gateway.service import Service

PROFILES = "/inference-profiles"


def foundation_models(
    _request: Request, response: RecordedResponse, _record: Record, service: Service
) -> None:
    """ListFoundationModels."""
    summaries = [_model(model, service) for model in service.allowed()]
    _answer(response, {"modelSummaries": summaries})


def inference_profiles(
    _request: Request, response: RecordedResponse, _record: Record, service: Service
) -> None:
    """ListInferenceProfiles, all on one page."""
    summaries = [_profile(model, service) for model in service.allowed()]
    _answer(response, {"inferenceProfileSummaries": summaries})


def inference_profile(
    request: Request, response: RecordedResponse, record: Record, service: Service
) -> None:
    """GetInferenceProfile, by its id or ARN. Raises GatewayError."""
    resolved = service.resolve(unquote(request.path.removeprefix(f"{PROFILES}/")))
    if not resolved.profile_id:
        raise errors.NotFound("There is no such inference profile here.")
    record.model = resolved.model.name
    _answer(response, _profile(resolved.model, service))


def _model(model: catalog.Model, service: Service) -> dict[str, Any]:
    today = service.today()
    return {
        "modelArn": _model_arn(model, service.settings.region),
        "modelId": model.base_id,
        "modelName": model.display_name,
        "providerName": "Anthropic",
        "responseStreamingSupported": True,
        "inferenceTypesSupported": ["INFERENCE_PROFILE"],
        "modelLifecycle": {"status": "LEGACY" if catalog.is_legacy(model, today) else "ACTIVE"},
    }


def _profile(model: catalog.Model, service: Service) -> dict[str, Any]:
    route, region = service.settings.route, service.settings.region
    profile_id = catalog.profile_id(model, route)
    regions = access.profile_destinations(model, route, region) or (region, "")
    return {
        "inferenceProfileName": f"{route.upper()} {model.display_name}",
        "inferenceProfileArn": f"arn:aws:bedrock:{region}::inference-profile/{profile_id}",
        "inferenceProfileId": profile_id,
        "models": [{"modelArn": _model_arn(model, each)} for each in regions],
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def _model_arn(model: catalog.Model, region: str) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{model.base_id}"


def _answer(response: RecordedResponse, content: dict[str, Any]) -> None:
    response.start(200, {"content-type": "application/json"})
    response.write(json.dumps(content).encode())
