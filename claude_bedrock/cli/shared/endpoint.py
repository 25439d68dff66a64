"""The stage's endpoint as a command calls it: URL, credentials, and the reading of responses,
errors included."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx2

from claude_bedrock.cli.shared.deployment import (
    BY_STAGE,
    Deployment,
    NoTargetError,
    deployed,
    local,
    local_endpoint,
    resolve_region,
)
from claude_bedrock.cli.shared.errors import CliError
from claude_bedrock.cli.shared.network_advice import network_advice
from claude_bedrock.cli.shared.redaction import redact
from claude_bedrock.cli.shared.request_auth import ByKey, BySignature
from claude_bedrock.cli.shared.tls import CERTIFICATE, tls_context

if TYPE_CHECKING:
    import boto3

# A stream that is silent for 300 seconds is closed by API Gateway:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
_TIMEOUT = httpx2.Timeout(310.0, connect=10.0)
_KEY: Final = re.compile(r"[!-~]+")
"""What a header's value may hold, but for spaces: https://www.rfc-editor.org/rfc/rfc9110#section-5.5"""

_FORM: Final = "https://ID.execute-api.REGION.amazonaws.com/STAGE"


class RefusedError(CliError):
    """The endpoint answered with an error, or not at all; the text is for people."""


class Endpoint(NamedTuple):
    """Where to ask, and as whom; `ca_bundle` is a file of CAs to trust, None for the system's.
    `client_certificate` is a file with certificate and key, for an endpoint that demands one."""

    url: str
    caller: httpx2.Auth
    ca_bundle: str | None
    client_certificate: str | None = None

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON that is at `path`. Raises RefusedError."""
        with self.answer("GET", path) as response:
            try:
                return json.loads(response.read())
            except ValueError as error:
                raise RefusedError(
                    f"{self.url} did not return JSON. Is it the URL of an endpoint of this project?"
                ) from error

    @contextmanager
    def answer(self, method: str, path: str, body: object = None) -> Iterator[httpx2.Response]:
        """Yield the answer to `body` as JSON, of status 200 and not read yet. Raises RefusedError,
        also where the connection breaks while the block reads."""
        url = f"{self.url.rstrip('/')}{path}"
        trusted = tls_context(self.ca_bundle, self.client_certificate)
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"content-type": "application/json"}
        try:
            with (
                httpx2.Client(verify=trusted, timeout=_TIMEOUT, auth=self.caller) as client,
                client.stream(method, url, content=content, headers=headers) as response,
            ):
                if response.status_code != 200:
                    response.read()
                    raise RefusedError(redact(_reason(response)) + _advice(response, self.url))
                yield response
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            what = str(error) or type(error).__name__
            advice = network_advice(url)
            raise RefusedError(redact(f"{url} does not answer: {what}. {advice}")) from error


def chosen(
    *,
    url: str | None,
    key: str | None,
    iam: bool,
    stage: str | None,
    region: str | None,
    local_dir: Path,
) -> Endpoint:
    """Return the endpoint at `url`, else that of `stage`, else what is up locally. Raises
    NoTargetError.

    `iam` says that the one at `url` takes signatures; a deployment says so itself."""
    if url and stage:
        raise NoTargetError("--stage and --url (or CLAUDE_BEDROCK_URL) cannot be combined.")
    key = _sound_key(key) if key else None
    if url:
        return _of_url(sound_url(url), key, resolve_region(region) if iam else None)
    if iam:
        raise NoTargetError("--iam needs --url. A stage tells the command how to sign.")
    if stage:
        return _of_stage(deployed(stage, region), key)
    if region:
        raise NoTargetError("--region needs --stage: local mode has its own Region.")
    return _of_local(local_dir, key)


def _sound_key(key: str) -> str:
    """Return the key without the white space around it, as a file's line end. Raises
    NoTargetError."""
    key = key.strip()
    if not _KEY.fullmatch(key):
        raise NoTargetError(
            "The API key is empty or contains a character not allowed in an HTTP header. Copy it "
            "again (--key, CLAUDE_BEDROCK_KEY)."
        )
    return key


def sound_url(url: str) -> str:
    """Return the URL, if it can be an endpoint's. Raises NoTargetError, which quotes no
    credentials."""
    try:
        parts = urlsplit(url.strip())
        known = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or True)
    except ValueError:
        known = False
    if not known:
        raise NoTargetError(f"{redact(url)!r} is not the URL of an endpoint. Use the form {_FORM}.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise NoTargetError(
            f"The endpoint's URL has more than host and path. Use the form {_FORM}, and give the "
            "key by CLAUDE_BEDROCK_KEY."
        )
    return url.strip()


def _of_url(url: str, key: str | None, signing_region: str | None) -> Endpoint:
    if signing_region is not None:
        import boto3  # noqa: PLC0415 - a third of a second, which a call by key need not take

        return Endpoint(url, _signature(boto3.Session(region_name=signing_region)), None)
    if not key:
        raise NoTargetError(
            "--url needs a key by --key or CLAUDE_BEDROCK_KEY, or --iam to sign requests."
        )
    return Endpoint(url, ByKey(key), None)


def _of_stage(deployment: Deployment, key: str | None) -> Endpoint:
    outputs = deployment.outputs("Gateway")
    return Endpoint(outputs["EndpointUrl"], _caller(deployment, outputs, key), None)


def _of_local(local_dir: Path, key: str | None) -> Endpoint:
    file = local_endpoint(local_dir, f"{BY_STAGE}, or an endpoint by --url and --key")
    deployment = local(local_dir)
    try:
        outputs = file["outputs"][deployment.stack("Gateway")]
        first = next(iter(file["api_keys"].values()), None)
        url, ca_bundle = file["url"], file["ca_bundle"]
        certificate = file.get("client_certificate")
    except (KeyError, TypeError, AttributeError) as missing:
        raise NoTargetError(
            f"{local_dir / 'endpoint.json'} is not what this version of `make local` writes. "
            "Stop it and run it again."
        ) from missing
    return Endpoint(url, _caller(deployment, outputs, key or first), ca_bundle, certificate)


def _caller(deployment: Deployment, outputs: Mapping[str, str], key: str | None) -> httpx2.Auth:
    """Return as whom to call, by the output `Auth`; a deployment without it knows keys only."""
    if outputs.get("Auth") == "iam":
        return _signature(deployment.session)
    if not key:
        raise NoTargetError(
            f"Stage {deployment.stage} needs a key. Give --key, or set CLAUDE_BEDROCK_KEY. "
            f"`claude-bedrock env{deployment.options}` prints one, "
            f"`claude-bedrock keys add NAME{deployment.options}` creates one."
        )
    return ByKey(key)


def _signature(session: "boto3.Session") -> BySignature:
    credentials = session.get_credentials()
    if credentials is None:
        raise NoTargetError(
            "The endpoint takes requests signed with AWS credentials, and none were found. Log in, "
            "for example with `aws sso login`; `aws sts get-caller-identity` must work."
        )
    return BySignature(credentials, session.region_name)


def _reason(response: httpx2.Response) -> str:
    request_id = response.headers.get("request-id", "none")
    try:
        error = response.json()["error"]
        description = f"{error['type']}: {error['message']}"
    except (ValueError, KeyError, TypeError):
        description = response.reason_phrase
    return f"{response.status_code} {description} (request id {request_id})"


def _advice(response: httpx2.Response, url: str) -> str:
    """Return what to do where the URL is not that of a stage; API Gateway itself answers outside
    of one: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html"""
    path = urlsplit(url).path.strip("/")
    if response.status_code == 403 and "request-id" not in response.headers:
        return (
            f": does the URL end with the stage, as in {_FORM}? Where the stage has a truststore, "
            f"does {CERTIFICATE} name a certificate of its authorities?"
        )
    if response.status_code == 404 and "v1" in path.split("/"):
        return f": give the URL without /v1, as in {_FORM}"
    return ""
