"""The environment variables that make a client call a deployment: docs/clients.md has the same."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from claude_bedrock.cli.shared.deployment import NoTargetError

Client = Literal[
    "claude-bedrock",
    "anthropic",
    "claude-code",
    "claude-code-bedrock",
    "boto3",
    "aws-cli",
    "aws-sdk-js",
    "langchain-anthropic",
    "langchain-aws",
    "litellm",
    "pydantic-ai",
]

_ANTHROPIC: Final = {"ANTHROPIC_BASE_URL": "{url}", "ANTHROPIC_API_KEY": "{key}"}
_AWS: Final = {
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "{url}",
    "AWS_BEARER_TOKEN_BEDROCK": "{key}",
    "AWS_DEFAULT_REGION": "{region}",
    "AWS_REGION": "{region}",
}
_VARIABLES: Final[Mapping[Client, Mapping[str, str]]] = {
    "claude-bedrock": {"CLAUDE_BEDROCK_URL": "{url}", "CLAUDE_BEDROCK_KEY": "{key}"},
    "anthropic": _ANTHROPIC,
    "claude-code": {"ANTHROPIC_BASE_URL": "{url}", "ANTHROPIC_AUTH_TOKEN": "{key}"},
    "claude-code-bedrock": {
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "CLAUDE_CODE_SKIP_BEDROCK_AUTH": "1",
        "ANTHROPIC_BEDROCK_BASE_URL": "{url}",
        "ANTHROPIC_AUTH_TOKEN": "{key}",
        "AWS_REGION": "{region}",
    },
    "boto3": _AWS,
    "aws-cli": _AWS,
    "aws-sdk-js": _AWS,
    "langchain-anthropic": _ANTHROPIC,
    "langchain-aws": _AWS,
    "litellm": {**_ANTHROPIC, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    "pydantic-ai": _ANTHROPIC,
}
_CERTIFICATES: Final = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE")
"""What Python and curl, Node.js, and AWS's SDKs read."""
_CLIENT_CERTIFICATE: Final[Mapping[Client, tuple[str, str]]] = {
    "claude-bedrock": ("CLAUDE_BEDROCK_CLIENT_CERT", "CLAUDE_BEDROCK_CLIENT_KEY"),
    **dict.fromkeys(
        ("claude-code", "claude-code-bedrock"),
        ("CLAUDE_CODE_CLIENT_CERT", "CLAUDE_CODE_CLIENT_KEY"),
    ),
}
"""Of the clients that read one from variables: https://code.claude.com/docs/en/network-config"""


class Access(NamedTuple):
    """What a client needs to call a deployment. `key` is None where it is not known, or where the
    stage takes signed requests instead; `ca_bundle` is None where the system's CAs are enough.
    `client_certificate` is a file of one with its key, which local mode has for a truststore."""

    stage: str
    region: str
    url: str
    takes_keys: bool
    key: str | None
    ca_bundle: str | None
    client_certificate: str | None = None


def variables(client: Client, access: Access) -> dict[str, str]:
    """Return name -> value, without the key's variable where the key is not known.

    Raises NoTargetError for a client that cannot call a stage whose `auth` is `iam`."""
    if not access.takes_keys and client != "claude-bedrock":
        raise NoTargetError(
            f"Stage {access.stage} takes signed requests, which {client} cannot send through "
            "environment variables. See docs/clients.md, Signed requests."
        )
    values = {"{url}": access.url.rstrip("/"), "{key}": access.key, "{region}": access.region}
    environment = {name: values.get(value, value) for name, value in _VARIABLES[client].items()}
    if access.ca_bundle:
        environment |= dict.fromkeys(_CERTIFICATES, access.ca_bundle)
    if access.client_certificate:
        names = _CLIENT_CERTIFICATE.get(client, ())
        environment |= dict.fromkeys(names, access.client_certificate)
    return {name: value for name, value in environment.items() if value is not None}
