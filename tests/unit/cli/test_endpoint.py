"""Which endpoint is asked, and that a signature is one that AWS's own code makes."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto import mock_aws

from cli.caller import ByKey, BySignature
from cli.deployment import NoTargetError
from cli.endpoint import Endpoint, chosen
from tests.unit.cli.answers import Asked, Server

CREDENTIALS = Credentials("AKIDEXAMPLE", "secret", "token")
NOTHING: dict[str, Any] = {"url": None, "key": None, "iam": False, "stage": None, "region": None}


def signature(asked: Asked, url: str, credentials: Credentials) -> str:
    """What botocore makes of the request as it came, at the time it names."""
    signed = asked.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    headers = {name: asked.headers[name] for name in signed.split(";")}
    request = AWSRequest(asked.method, url, data=asked.body, headers=headers)
    request.context["timestamp"] = asked.headers["x-amz-date"]
    signer = SigV4Auth(credentials, "execute-api", "eu-west-1")
    canonical = signer.canonical_request(request)
    made: str = signer.signature(signer.string_to_sign(request, canonical), request)
    return made


def test_a_signed_request_is_what_botocore_signs_and_has_no_key(server: Server) -> None:
    server.body = b'{"data": 1}'
    endpoint = Endpoint(server.url, BySignature(CREDENTIALS, "eu-west-1"), None)
    body = {"messages": ["ü"]}

    with endpoint.answer("POST", "/v1/messages", body) as response:
        response.read()

    (asked,) = server.asked
    url = f"{server.url}v1/messages"
    told = asked.headers["authorization"].rpartition("Signature=")[2]
    assert told == signature(asked, url, CREDENTIALS)
    assert told != signature(asked._replace(body=b"{}"), url, CREDENTIALS)
    assert told != signature(asked, url, Credentials("AKIDEXAMPLE", "other", "token"))
    assert "/eu-west-1/execute-api/aws4_request" in asked.headers["authorization"]
    assert asked.headers["x-amz-security-token"] == "token"
    assert "x-api-key" not in asked.headers
    assert json.loads(asked.body) == body


@pytest.fixture
def gateway_stack(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    """A deployed Gateway stack of stage dev with these outputs."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    outputs = {name: {"Value": value} for name, value in request.param.items()}
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
    with mock_aws():
        cloudformation: Any = boto3.client("cloudformation", region_name="eu-west-1")
        cloudformation.create_stack(
            StackName="claude-on-bedrock-dev-Gateway", TemplateBody=json.dumps(template)
        )
        yield


URL = {"EndpointUrl": "https://x/dev/"}


@pytest.mark.parametrize(
    ("gateway_stack", "caller"),
    [(URL, ByKey), ({**URL, "Auth": "key"}, ByKey), ({**URL, "Auth": "iam"}, BySignature)],
    indirect=["gateway_stack"],
)
@pytest.mark.usefixtures("gateway_stack")
def test_a_stage_says_where_it_is_and_what_it_asks_for(caller: type, tmp_path: Path) -> None:
    found = chosen(**{**NOTHING, "stage": "dev", "region": "eu-west-1", "key": "k"}, state=tmp_path)

    assert found.url == "https://x/dev/"
    assert type(found.caller) is caller


@pytest.mark.parametrize("gateway_stack", [URL], indirect=True)
@pytest.mark.usefixtures("gateway_stack")
def test_a_stage_that_asks_for_a_key_gets_none_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match="CLAUDE_BEDROCK_KEY"):
        chosen(**{**NOTHING, "stage": "dev", "region": "eu-west-1"}, state=tmp_path)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"url": "https://x"}, "--url needs --iam, or --key"),
        ({"url": "https://x", "stage": "dev", "key": "k"}, "both name an endpoint"),
        ({"iam": True}, "--iam goes with --url"),
        ({}, "make local"),
    ],
)
def test_what_is_missing_or_contradicts_is_said(
    given: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(NoTargetError, match=told):
        chosen(**{**NOTHING, **given}, state=tmp_path)


def test_an_address_may_be_signed_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    given = {**NOTHING, "url": "https://x", "iam": True, "region": "eu-west-1"}

    assert isinstance(chosen(**given, state=tmp_path).caller, BySignature)


def test_no_credentials_to_sign_with_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    given = {**NOTHING, "url": "https://x", "iam": True, "region": "eu-west-1"}

    with pytest.raises(NoTargetError, match="get-caller-identity"):
        chosen(**given, state=tmp_path)
