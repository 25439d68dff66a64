"""The check of the stage's URL on the routes that ask for no credentials."""

import http.client
import ssl
import urllib.error
import urllib.request
from typing import NamedTuple

from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.deployment import NoEndpointError, NoTargetError
from claude_bedrock.cli.shared.tls import CERTIFICATE, tls_context

NAME = "endpoint"
DOORS = (("GET", "/health"), ("HEAD", "/"))
_SECONDS = 15


class LocalEndpoint(NamedTuple):
    """URL, file of the CA, and file of the client certificate of local mode, if that has one."""

    url: str
    ca_bundle: str | None
    client_certificate: str | None = None


def check(account: Account, local: LocalEndpoint | None) -> list[Check]:
    """Check the endpoint's open routes; with `local`, where the stack's output leads nowhere."""
    topics = [Topic(NAME, f"{method} {path}") for method, path in DOORS]
    try:
        url = local.url if local else account.deployment.outputs("Gateway")["EndpointUrl"]
    except NoEndpointError:
        return [topic.skipped("the stage has no endpoint") for topic in topics]
    except NoTargetError:
        return [topic.skipped("no gateway is deployed yet") for topic in topics]
    except WITHHELD as error:
        return [topic.withheld(error, "cloudformation:DescribeStacks") for topic in topics]
    try:
        trusted = tls_context(*local[1:]) if local else tls_context(None)
    except NoTargetError as unusable:
        return [topic.failed(str(unusable), f"correct {CERTIFICATE}") for topic in topics]
    return [
        judge(topic, *_request(f"{url.rstrip('/')}{path}", method, trusted))
        for topic, (method, path) in zip(topics, DOORS, strict=True)
    ]


def judge(topic: Topic, status: int | None, failure: str) -> Check:
    """Judge one answer: `status` is None where there was none, and `failure` says why."""
    if status is None:
        return topic.failed(
            failure,
            "is the stack deployed, in this account and Region? Does a proxy or firewall stand "
            f"between? With a truststore: does {CERTIFICATE} name a certificate of its "
            "authorities? Locally: is `make local` still up?",
        )
    if status != http.HTTPStatus.OK:
        return topic.failed(
            f"answers {status}",
            "look at the gateway's log group and its alarms: a function that does not start "
            "answers 500 or 502",
        )
    return topic.ok("answers 200")


def _request(url: str, method: str, trusted: ssl.SSLContext) -> tuple[int | None, str]:
    request = urllib.request.Request(url, method=method)  # noqa: S310 - the deployment's own
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS, context=trusted) as answer:  # noqa: S310
            return answer.status, ""
    except urllib.error.HTTPError as error:
        return error.code, ""
    except (OSError, http.client.HTTPException) as error:
        return None, f"does not answer: {error}"
