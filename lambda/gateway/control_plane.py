"""Bedrock's lists of models and inference profiles, as far as this stage allows them.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html.
The ARNs in them carry no account id: nobody outside needs it, and none is needed to call.
"""

import json
from typing import Any

import catalog
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
    found = [service.resolve(model.name) for model in service.allowed()]
    summaries = [
        _profile(resolved.model, profile_id, service.settings.region)
        for resolved in found
        for profile_id in resolved.profile_ids
    ]
    _answer(response, {"inferenceProfileSummaries": summaries})


def inference_profile(
    request: Request, response: RecordedResponse, record: Record, service: Service
) -> None:
    """GetInferenceProfile, by its id or ARN. Raises GatewayError."""
    resolved = service.resolve(request.parameters["id"])
    record.resolved(resolved)
    region = service.settings.region
    _answer(response, _profile(resolved.model, resolved.profile_ids[0], region))


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


def _profile(model: catalog.Model, profile_id: str, region: str) -> dict[str, Any]:
    route = profile_id.partition(".")[0]
    regions = catalog.reach(model, route, region) or (region, "")
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
