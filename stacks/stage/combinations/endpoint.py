"""The endpoint: what it can do, and from where."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Final

from stacks.stage.block import Stage
from stacks.stage.endpoint import Endpoint, WebAclRules

# What only an endpoint can do. Teams, and what IAM lets direct callers do, stand without one.
_OF_ENDPOINT: Final[Mapping[str, tuple[str, ...]]] = {
    "endpoint": tuple(name for name in Endpoint.model_fields if name != "enabled"),
    "callers": (
        *("auth", "api_keys", "token_issuers", "throttle", "quota", "plans", "budgets"),
        *("budgets_fail", "caller_sessions", "allowed_direct_callers"),
    ),
    "evidence": ("canary", "audit_entry_table"),
    "account": ("api_log_role",),
}


def endpoint_mistakes(stage: Stage) -> Iterator[str]:
    """Yield the keys that ask something of an endpoint that the stage has not."""
    if stage.endpoint.enabled:
        return
    for group, keys in _OF_ENDPOINT.items():
        values = getattr(stage, group)
        for key in keys:
            if getattr(values, key) != type(values).model_fields[key].get_default():
                yield (
                    f"{group}.{key}: given with endpoint.enabled false, where callers go to "
                    f"Bedrock directly; allowed: endpoint.enabled true, or no {key}"
                )


def upstream_mistakes(stage: Stage) -> Iterator[str]:
    """Yield a Messages path that no call would take: AWS documents no guardrail on it."""
    if stage.endpoint.messages_upstream == "messages" and stage.models.guardrail is not None:
        yield (
            "endpoint.messages_upstream: messages given with models.guardrail, with which every "
            "call goes by InvokeModel; allowed: invoke, or no guardrail"
        )


def network_mistakes(stage: Stage) -> Iterator[str]:
    """Yield what is no network, a web ACL of elsewhere, and a canary that would be kept out."""
    for text in stage.endpoint.allowed_ips:
        try:
            ipaddress.IPv4Network(text)
        except ValueError as error:
            yield f"endpoint.allowed_ips: {error}; allowed: IPv4 networks, like 203.0.113.0/24"
    domain = stage.endpoint.domain
    truststore = domain.truststore if domain else None
    arns = {
        "web_acl": stage.endpoint.web_acl if isinstance(stage.endpoint.web_acl, str) else None,
        "domain.certificate": domain.certificate if domain else None,
        "domain.truststore.ownership_certificate": truststore.ownership_certificate
        if truststore
        else None,
    }
    for key, arn in arns.items():
        if arn and (region := arn.split(":")[3]) != stage.region:
            yield (
                f"endpoint.{key}: one of {region} given; allowed: one of {stage.region}, the "
                "stage's Region"
            )
    if stage.endpoint.allowed_ips and stage.evidence.canary:
        yield (
            "evidence.canary: given with endpoint.allowed_ips, which keeps it out, since it calls "
            "from addresses of AWS; allowed: either of the two"
        )


def web_acl_mistakes(stage: Stage) -> Iterator[str]:
    """Yield a limit that another makes idle, and a canary whose question would be refused."""
    rules, path = stage.endpoint.web_acl, "endpoint.web_acl"
    if not isinstance(rules, WebAclRules):
        return
    lower = rules.rate_limit_without_credential
    if lower is not None and lower >= rules.rate_limit:
        yield (
            f"{path}.rate_limit_without_credential: {lower} given with rate_limit "
            f"{rules.rate_limit}, which holds for all requests; allowed: less, or null"
        )
    if rules.body_limit_kb and stage.evidence.canary:
        yield (
            f"{path}.body_limit_kb: {rules.body_limit_kb} given with a canary, whose larger "
            "question would be refused; allowed: null, or no canary"
        )


def truststore_mistakes(stage: Stage) -> Iterator[str]:
    """Yield a way around the client's certificate, and a canary, which has none."""
    domain = stage.endpoint.domain
    if domain is None or domain.truststore is None:
        return
    if not domain.disable_execute_api:
        yield (
            "endpoint.domain.truststore: given with disable_execute_api false, where API Gateway's "
            "own name takes requests without a client certificate; allowed: disable_execute_api "
            "true, or no truststore"
        )
    if stage.evidence.canary:
        yield (
            "evidence.canary: given with endpoint.domain.truststore, which keeps it out, since it "
            "has no client certificate; allowed: either of the two"
        )
