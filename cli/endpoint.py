"""Which endpoint is asked, as whom, and how what it answers is read, errors included."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import httpx2

from cli.caller import ByKey, BySignature
from cli.deployment import (
    Deployment,
    NoTargetError,
    deployed,
    known_region,
    local,
    local_endpoint,
)

# A stream that is silent for 300 seconds is closed by API Gateway:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
_TIMEOUT = httpx2.Timeout(310.0, connect=10.0)


class RefusedError(Exception):
    """The endpoint answered with an error, or not at all; the text is for people."""


class Endpoint(NamedTuple):
    """Where to ask, and as whom; `ca_bundle` is a file of CAs to trust, None for the system's."""

    url: str
    caller: httpx2.Auth
    ca_bundle: str | None

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """The JSON that is at `path`. Raises RefusedError."""
        with self.answer("GET", path) as response:
            try:
                return json.loads(response.read())
            except ValueError as error:
                raise RefusedError(f"{self.url} answers with something else than JSON") from error

    @contextmanager
    def answer(self, method: str, path: str, body: object = None) -> Iterator[httpx2.Response]:
        """The answer to `body` as JSON, of status 200 and not read yet. Raises RefusedError, also
        where the connection breaks while the block reads."""
        url = f"{self.url.rstrip('/')}{path}"
        trusted = ssl.create_default_context(cafile=self.ca_bundle)
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"content-type": "application/json"}
        try:
            with (
                httpx2.Client(verify=trusted, timeout=_TIMEOUT, auth=self.caller) as client,
                client.stream(method, url, content=content, headers=headers) as response,
            ):
                if response.status_code != 200:
                    response.read()
                    raise RefusedError(_reason(response))
                yield response
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            what = str(error) or type(error).__name__
            raise RefusedError(f"{url} does not answer: {what}") from error


def chosen(
    *,
    url: str | None,
    key: str | None,
    iam: bool,
    stage: str | None,
    region: str | None,
    state: Path,
) -> Endpoint:
    """The endpoint at `url`, else that of `stage`, else what is up locally. Raises NoTargetError.

    `iam` says that the one at `url` takes signatures; a deployment says so itself."""
    if url and stage:
        raise NoTargetError(
            "--stage and --url (or CLAUDE_BEDROCK_URL) both name an endpoint: give one of them"
        )
    if url:
        return _of_url(url, key, known_region(region) if iam else None)
    if iam:
        raise NoTargetError("--iam goes with --url: a stage says itself what it asks for")
    if stage:
        return _of_stage(deployed(stage, region), key)
    return _of_local(state, key)


def _of_url(url: str, key: str | None, signing_region: str | None) -> Endpoint:
    if signing_region is not None:
        return Endpoint(url, _signature(boto3.Session(region_name=signing_region)), None)
    if not key:
        raise NoTargetError("--url needs --iam, or --key, or CLAUDE_BEDROCK_KEY")
    return Endpoint(url, ByKey(key), None)


def _of_stage(found: Deployment, key: str | None) -> Endpoint:
    outputs = found.outputs("Gateway")
    return Endpoint(outputs["EndpointUrl"], _caller(found, outputs, key), None)


def _of_local(state: Path, key: str | None) -> Endpoint:
    file = local_endpoint(state)
    found = local(state)
    outputs = file["outputs"][found.stack("Gateway")]
    first = next(iter(file["api_keys"].values()), None)
    return Endpoint(file["url"], _caller(found, outputs, key or first), file["ca_bundle"])


def _caller(found: Deployment, outputs: Mapping[str, str], key: str | None) -> httpx2.Auth:
    """As whom to ask, by the output `Auth`; a deployment without it knows keys only."""
    if outputs.get("Auth") == "iam":
        return _signature(found.session())
    if not key:
        raise NoTargetError(
            f"stage {found.stage} asks for a key: give --key, or set CLAUDE_BEDROCK_KEY"
        )
    return ByKey(key)


def _signature(session: boto3.Session) -> BySignature:
    credentials = session.get_credentials()
    if credentials is None:
        raise NoTargetError(
            "the endpoint wants requests signed with AWS credentials, and there are none here: "
            "`aws sts get-caller-identity` must work"
        )
    return BySignature(credentials, session.region_name)


def _reason(response: httpx2.Response) -> str:
    request_id = response.headers.get("request-id", "none")
    try:
        said = response.json()["error"]
        told = f"{said['type']}: {said['message']}"
    except (ValueError, KeyError, TypeError):
        told = response.reason_phrase
    return f"{response.status_code} {told} (request id {request_id})"
