"""Bedrock's control plane for Claude: models, profiles, agreements, the form, data retention.

What else there is of it (logging configuration, guardrails, the store of application profiles)
stays MiniStack's.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock.html
"""

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from ministack.core.responses import (  # type: ignore[import-untyped]
    AccountRegionScopedDict,
    AccountScopedDict,
    get_account_id,
    get_region,
)
from ministack.services import bedrock as ministack_bedrock  # type: ignore[import-untyped]

from local.embedded.claude_in_region import (
    AccountRegion,
    Json,
    find_model,
    find_profile,
    model_details,
    models,
    profiles,
)
from local.embedded.reply import Call, Reply, Service, json_reply, refused

MODES: Final = ("default", "none", "aws_review", "provider_data_share", "inherit")
FORM_BYTES: Final = (10, 16384)

_agreements = AccountScopedDict()
_form = AccountScopedDict()
_retention = AccountRegionScopedDict()

Operation = Callable[[Call, str], Reply]
"""Takes the call, and the identifier at the end of its path."""


def beside(ministack: Service) -> Service:
    """MiniStack's control plane, with ours before it."""

    async def handle(call: Call) -> Reply:
        for method, pattern, operation in _OPERATIONS:
            match = re.fullmatch(pattern, call.path) if method == call.method else None
            if match:
                return operation(call, unquote(match[match.lastindex or 0]))
        if call.path.startswith("/inference-profiles"):
            return await _application_profile(ministack, call)
        return await ministack(call)

    return handle


def _account_region() -> AccountRegion:
    return AccountRegion(get_region(), get_account_id(), dt.datetime.now(dt.UTC).date().isoformat())


def _list_foundation_models(call: Call, _path: str) -> Reply:
    account_region = _account_region()
    provider = call.parameter("byProvider")
    summaries = [model_details(model, account_region) for model in models(account_region)]
    if provider is not None:
        summaries = [
            summary for summary in summaries if summary["providerName"].lower() == provider.lower()
        ]
    for parameter, field in (
        ("byOutputModality", "outputModalities"),
        ("byInferenceType", "inferenceTypesSupported"),
        ("byCustomizationType", "customizationsSupported"),
    ):
        filter_value = call.parameter(parameter)
        summaries = [
            summary
            for summary in summaries
            if filter_value is None or filter_value in summary[field]
        ]
    return json_reply({"modelSummaries": summaries})


def _get_foundation_model(_call: Call, identifier: str) -> Reply:
    account_region = _account_region()
    model = find_model(identifier, account_region)
    return (
        json_reply({"modelDetails": model_details(model, account_region)}) if model else _no_model()
    )


def _get_availability(_call: Call, model_id: str) -> Reply:
    model = find_model(model_id, _account_region())
    if model is None:
        return _no_model()
    agreed = model.base_id in _agreements
    return json_reply(
        {
            "modelId": model.base_id,
            "agreementAvailability": {"status": "AVAILABLE" if agreed else "NOT_AVAILABLE"},
            "authorizationStatus": "AUTHORIZED",
            "entitlementAvailability": "AVAILABLE",
            "regionAvailability": "AVAILABLE",
        }
    )


def _list_offers(_call: Call, model_id: str) -> Reply:
    model = find_model(model_id, _account_region())
    if model is None:
        return _no_model()
    offer = {
        "offerId": f"offer-{model.name}",
        "offerToken": _offer_token(model.base_id),
        "termDetails": {
            "usageBasedPricingTerm": {"rateCard": []},
            "legalTerm": {"url": "https://aws.amazon.com/legal/bedrock/third-party-models/"},
            "supportTerm": {},
        },
    }
    return json_reply({"modelId": model.base_id, "offers": [offer]})


def _create_agreement(call: Call, _path: str) -> Reply:
    request = call.content()
    model = find_model(str(request.get("modelId")), _account_region())
    if model is None:
        return _no_model()
    if request.get("offerToken") != _offer_token(model.base_id):
        return refused("ValidationException", "The offer token is not one of this model's offers.")
    if model.base_id in _agreements:
        return refused("ConflictException", "An agreement for this model already exists.")
    _agreements[model.base_id] = True
    return json_reply({"modelId": model.base_id}, 202)


def _delete_agreement(call: Call, _path: str) -> Reply:
    model_id = str(call.content().get("modelId"))
    if model_id not in _agreements:
        return _no_model()
    del _agreements[model_id]
    return json_reply({}, 202)


def _offer_token(model_id: str) -> str:
    return base64.b64encode(model_id.encode()).decode()


def _list_profiles(call: Call, _path: str) -> Reply:
    """The query's parameter is `type`, whatever the SDKs call it. Without it Bedrock lists those
    that AWS defines: https://github.com/aws/aws-cli/issues/9728."""
    own = call.parameter("type") == "APPLICATION"
    summaries = list(_applications().values()) if own else profiles(_account_region())
    return json_reply({"inferenceProfileSummaries": summaries})


def _get_profile(_call: Call, identifier: str) -> Reply:
    profile = find_profile(identifier, _account_region()) or _applications().get(_id_of(identifier))
    if profile is None:
        return refused("ResourceNotFoundException", "There is no such inference profile.", 404)
    return json_reply(profile)


async def _application_profile(ministack: Service, call: Call) -> Reply:
    """MiniStack makes any profile, and knows it by its id only."""
    if call.method == "POST" and not _is_known(call.content()):
        return refused("ValidationException", "The model source cannot be found in this Region.")
    if call.method == "DELETE":
        call = call._replace(path=f"/inference-profiles/{_id_of(unquote(call.path))}")
    return await ministack(call)


def _is_known(request: Json) -> bool:
    source = str((request.get("modelSource") or {}).get("copyFrom"))
    account_region = _account_region()
    return bool(find_profile(source, account_region) or find_model(source, account_region))


def _applications() -> dict[str, Json]:
    """Application profiles by id, with the models behind what they copy."""
    summaries = {}
    for record in ministack_bedrock._inference_profiles_apps.values():
        profile = {name[0].lower() + name[1:]: value for name, value in record.items()}
        source = profile["models"][0]["ModelArn"]
        system = find_profile(source, _account_region())
        profile["models"] = system["models"] if system else [{"modelArn": source}]
        summaries[profile["inferenceProfileId"]] = profile
    return summaries


def _id_of(identifier: str) -> str:
    return identifier.rpartition("/")[2]


def _get_form(_call: Call, _path: str) -> Reply:
    if "form" not in _form:
        message = "Model use case details have not been submitted for this account."
        return refused("ResourceNotFoundException", message, 404)
    return json_reply({"formData": _form["form"]})


def _put_form(call: Call, _path: str) -> Reply:
    encoded = call.content().get("formData")
    try:
        data = base64.b64decode(str(encoded), validate=True)
    except binascii.Error:
        return refused("ValidationException", "formData is not base64.")
    least, most = FORM_BYTES
    if not least <= len(data) <= most:
        return refused("ValidationException", f"formData must have {least} to {most} bytes.")
    _form["form"] = encoded
    return json_reply({}, 201)


def _list_enforced_guardrails(_call: Call, _path: str) -> Reply:
    """Return the enforced guardrails: none."""
    return json_reply({"guardrailsConfig": []})


def _get_retention(_call: Call, _path: str) -> Reply:
    return json_reply(_retention.get("mode") or {"mode": "inherit"})


def _put_retention(call: Call, _path: str) -> Reply:
    mode = call.content().get("mode")
    if mode not in MODES:
        return refused(
            "ValidationException",
            f"1 validation error detected: Value '{mode}' at 'mode' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(MODES)}]",
        )
    _retention["mode"] = {"mode": mode, "updatedAt": dt.datetime.now(dt.UTC).isoformat()}
    return json_reply(_retention["mode"])


def _no_model() -> Reply:
    return refused(
        "ResourceNotFoundException",
        "Could not resolve the foundation model from the provided model identifier.",
        404,
    )


_OPERATIONS: Final[tuple[tuple[str, str, Operation], ...]] = (
    ("GET", "/foundation-models", _list_foundation_models),
    ("GET", "/foundation-models/(.+)", _get_foundation_model),
    ("GET", "/foundation-model-availability/(.+)", _get_availability),
    ("GET", "/list-foundation-model-agreement-offers/(.+)", _list_offers),
    ("POST", "/create-foundation-model-agreement", _create_agreement),
    ("POST", "/delete-foundation-model-agreement", _delete_agreement),
    ("GET", "/inference-profiles", _list_profiles),
    ("GET", "/inference-profiles/(.+)", _get_profile),
    ("GET", "/use-case-for-model-access", _get_form),
    ("POST", "/use-case-for-model-access", _put_form),
    ("GET", "/data-retention", _get_retention),
    ("GET", "/enforcedGuardrailsConfiguration", _list_enforced_guardrails),
    ("PUT", "/data-retention", _put_retention),
)
