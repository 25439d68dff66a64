"""The endpoint of a run of local mode: the content of endpoint.json."""

import json
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from local.aws.client import Aws
from local.run.cdk_cli import Outputs


class Endpoint(NamedTuple):
    """`outputs` are those of every stack, `api_keys` the values by their names,
    `client_certificate` the file of one with its key, where the endpoint demands one."""

    url: str
    http_url: str
    ca_bundle: str
    api_keys: Mapping[str, str]
    aws_endpoint_url: str
    bedrock_endpoint_url: str
    region: str
    account: str
    stage: str
    outputs: Outputs
    client_certificate: str | None = None


def gateway_outputs(outputs: Outputs, stage: str) -> Mapping[str, str]:
    """Return the outputs of the stack that has the API."""
    return outputs[f"claude-on-bedrock-{stage}-Gateway"]


def url_of(server: str, gateway: Mapping[str, str]) -> str:
    """Return the endpoint's URL at a server: below the stage's name, or the root where the stage
    has a domain name of its own."""
    return urljoin(server, urlsplit(gateway["EndpointUrl"]).path).rstrip("/")


def api_keys(aws: Aws, gateway: Mapping[str, str]) -> dict[str, str]:
    """Return the value of each key that the stage has, by its name; none where requests are
    signed."""
    client = aws.client("apigateway")
    ids: dict[str, str] = json.loads(gateway.get("ApiKeyIds", "{}"))
    return {
        name: client.get_api_key(apiKey=key_id, includeValue=True)["value"]
        for name, key_id in ids.items()
    }
