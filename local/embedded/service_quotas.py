"""Service Quotas as far as Bedrock's quotas for Claude go; MiniStack has no such service.

The names are AWS's, irregular as they are:
https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html,
https://docs.aws.amazon.com/general/latest/gr/bedrock.html#limits_bedrock. The codes and values
here are made up; a new account of AWS's may have less, down to nothing.
"""

import datetime as dt
import hashlib
from typing import Final

from ministack.core.responses import (  # type: ignore[import-untyped]
    get_account_id,
    get_region,
)

from claude_bedrock import catalog
from claude_bedrock.catalog import Model
from local.embedded.claude_in_region import AccountRegion, Json, models
from local.embedded.reply import Call, Reply, json_reply, refused

_SERVICE: Final = "bedrock"
_PER_MINUTE: Final = {"requests": 200.0, "tokens": 200_000.0}
_WITH_V1: Final = {"claude-3-7-sonnet", "claude-sonnet-4", "claude-sonnet-4-5", "claude-opus-4-6"}
"""The models whose quotas' names end in V1."""


async def serve(call: Call) -> Reply:
    """ListServiceQuotas, on one page, and GetServiceQuota."""
    request = call.content()
    if request.get("ServiceCode") != _SERVICE:
        return _none(f"The service {request.get('ServiceCode')} has no quotas here.")
    operation = call.headers.get("x-amz-target", "").rpartition(".")[2]
    if operation == "ListServiceQuotas":
        return json_reply({"Quotas": _quotas()})
    if operation == "GetServiceQuota":
        code = request.get("QuotaCode")
        matches = [quota for quota in _quotas() if quota["QuotaCode"] == code]
        return json_reply({"Quota": matches[0]}) if matches else _none(f"There is no quota {code}.")
    return refused("InvalidAction", f"{operation} is not served here.")


def quota_name(model: Model, route: str, counted: str) -> str:
    """`counted` is `requests` or `tokens`; every geography shares one quota."""
    kind = "Global cross-region" if route == "global" else "Cross-region"
    version = " V1" if model.name in _WITH_V1 else ""
    return (
        f"{kind} model inference {counted} per minute for Anthropic {model.display_name}{version}"
    )


def _quotas() -> list[Json]:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    account_region = AccountRegion(get_region(), get_account_id(), today)
    names = {
        quota_name(model, route, counted): value
        for model in models(account_region)
        for route in catalog.routes(model)
        if catalog.reach(model, route, account_region.region) is not None
        for counted, value in _PER_MINUTE.items()
    }
    return [_quota(name, value, account_region) for name, value in names.items()]


def _quota(name: str, value: float, account_region: AccountRegion) -> Json:
    code = f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"
    region, account, _ = account_region
    return {
        "ServiceCode": _SERVICE,
        "ServiceName": "Amazon Bedrock",
        "QuotaArn": f"arn:aws:servicequotas:{region}:{account}:{_SERVICE}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def _none(message: str) -> Reply:
    return refused("NoSuchResourceException", message)
