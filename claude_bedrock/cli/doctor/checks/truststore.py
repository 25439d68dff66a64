"""The check of the truststore: what API Gateway read of the authorities whose certificates clients
present.

https://docs.aws.amazon.com/apigateway/latest/api/API_MutualTlsAuthentication.html
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from claude_bedrock.cli.doctor.check import Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.doctor.gateway_outputs import check_output

TOPIC = Topic("truststore")
_VERSION: Final = "TruststoreVersion"
_PAGE: Final = "docs/networks.md#client-certificates"

_FIX: Final = (
    "follow docs/deploy.md#restore-what-was-changed-by-hand; CloudTrail's UpdateDomainName names "
    f"who changed it: {_PAGE}"
)


def check(account: Account) -> list[Check]:
    """Check the endpoint's own name, where its stage has a truststore."""

    def check_name(outputs: Mapping[str, str]) -> Check:
        name = urlsplit(outputs["EndpointUrl"]).hostname or ""
        domain = account.client("apigateway").get_domain_name(domainName=name)
        return judge(domain.get("mutualTlsAuthentication") or {}, outputs[_VERSION])

    return check_output(
        account, TOPIC, _VERSION, check_name, absent="the stage has none", actions="apigateway:GET"
    )


def judge(mutual_tls: Mapping[str, Any], version: str) -> Check:
    """Judge the mutual TLS of the name; `version` is the one that was deployed."""
    if not mutual_tls:
        return TOPIC.failed(
            "the endpoint's name demands no client certificate",
            _FIX,
        )
    if mutual_tls.get("truststoreVersion") != version:
        return TOPIC.failed(
            "API Gateway trusts another version of the truststore than the stage names",
            _FIX,
        )
    warnings = mutual_tls.get("truststoreWarnings") or []
    if warnings:
        return TOPIC.warning(
            f"API Gateway warns: {'; '.join(warnings)}",
            "upload a corrected bundle, and deploy its version: clients of these authorities may "
            "be refused",
        )
    return TOPIC.ok(f"{mutual_tls.get('truststoreUri', '')}, version {version}, has no warnings")
