"""Checks of the account's requests and tokens a minute for each model, by each geography.

The names are prose, and not of one kind:
https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-runtime.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from claude_bedrock import catalog
from claude_bedrock.catalog import Model
from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.stage_settings import Settings

NAMES = {"requests": "requests per minute", "tokens": "tokens per minute"}

Quota = Mapping[str, Any]


def check(account: Account, settings: Settings) -> list[Check]:
    expected = [
        (Topic(name, f"{model.name}, {route}"), model, route, counted)
        for model in catalog.MODELS
        if model.name in settings.models
        for route in settings.geographies
        if catalog.reach(model, route, account.region) is not None
        for counted, name in NAMES.items()
    ]
    try:
        quotas = _all(account)
    except WITHHELD as error:
        return [topic.withheld(error, "servicequotas:ListServiceQuotas") for topic, *_ in expected]
    return [
        judge(topic, find(quotas, model, route, counted), counted, account.region)
        for topic, model, route, counted in expected
    ]


def find(quotas: Sequence[Quota], model: Model, route: str, counted: str) -> Quota | None:
    """Return the quota for `requests` or `tokens` a minute; all geographies share one."""
    globally = "global " if route == "global" else ""
    name = re.compile(
        rf"{globally}cross-region (model inference|invokemodel) {counted} per minute for "
        rf"(anthropic )?{re.escape(model.display_name)}( v\d+)?",
        re.IGNORECASE,
    )
    return next((quota for quota in quotas if name.fullmatch(quota["QuotaName"])), None)


def judge(topic: Topic, quota: Quota | None, counted: str, region: str) -> Check:
    if quota is None and counted == "requests":
        # AWS documents quotas of tokens for every model, of requests not for the newer ones.
        return topic.skipped("AWS lists none")
    if quota is None:
        return topic.unknown(
            "AWS lists no quota of that name",
            f"look for the model in the Service Quotas console, Amazon Bedrock, {region}",
        )
    if quota["Value"] <= 0:
        return topic.failed("0: every call is throttled", _raise(quota, region))
    return topic.ok(f"{quota['Value']:,.0f}")


def _raise(quota: Quota, region: str) -> str:
    if not quota.get("Adjustable", False):
        return (
            f"it cannot be raised by request: ask AWS Support about {quota['QuotaCode']} "
            f"({quota['QuotaName']}) in {region}"
        )
    return (
        "ask for what you need: `aws service-quotas request-service-quota-increase "
        f"--service-code bedrock --quota-code {quota['QuotaCode']} --region {region} "
        "--desired-value NUMBER`"
    )


def _all(account: Account) -> list[Quota]:
    pages = account.client("service-quotas").get_paginator("list_service_quotas")
    return [quota for page in pages.paginate(ServiceCode="bedrock") for quota in page["Quotas"]]
