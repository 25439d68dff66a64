"""The check of the truststore: what API Gateway read of the authorities whose certificates clients
present.

https://docs.aws.amazon.com/apigateway/latest/api/API_MutualTlsAuthentication.html
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.deployment import NoTargetError

TOPIC = Topic("truststore")
_PAGE: Final = "docs/networks.md#client-certificates"


def check(account: Account) -> list[Check]:
    """Check the endpoint's own name, where its stage has a truststore."""
    try:
        outputs = account.deployment.outputs("Gateway")
    except NoTargetError:  # no endpoint, or none yet
        return [TOPIC.skipped("no gateway is deployed")]
    except WITHHELD as error:
        return [TOPIC.withheld(error, "cloudformation:DescribeStacks")]
    version = outputs.get("TruststoreVersion")
    if version is None:
        return [TOPIC.skipped("the stage has none")]
    name = urlsplit(outputs["EndpointUrl"]).hostname or ""

    def check_name() -> Check:
        domain = account.client("apigateway").get_domain_name(domainName=name)
        return judge(domain.get("mutualTlsAuthentication") or {}, version)

    return [TOPIC.run("apigateway:GET", check_name)]


def judge(mutual_tls: Mapping[str, Any], version: str) -> Check:
    """Judge the mutual TLS of the name; `version` is the one that was deployed."""
    if not mutual_tls:
        return TOPIC.failed(
            "the endpoint's name demands no client certificate",
            f"deploy the stage again; CloudTrail's UpdateDomainName names who changed it: {_PAGE}",
        )
    if mutual_tls.get("truststoreVersion") != version:
        return TOPIC.failed(
            "API Gateway trusts another version of the truststore than the stage names",
            f"deploy the stage again; CloudTrail's UpdateDomainName names who changed it: {_PAGE}",
        )
    warnings = mutual_tls.get("truststoreWarnings") or []
    if warnings:
        return TOPIC.warning(
            f"API Gateway warns: {'; '.join(warnings)}",
            "upload a corrected bundle, and deploy its version: clients of these authorities may "
            "be refused",
        )
    return TOPIC.ok(f"{mutual_tls.get('truststoreUri', '')}, version {version}, has no warnings")
