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

from claude_bedrock.cli.shared.deployment import NoTargetError
from claude_bedrock.cli.shared.endpoint import Endpoint, RefusedError, chosen
from claude_bedrock.cli.shared.request_auth import ByKey, BySignature
from tests.unit.cli.answers import ReceivedRequest, Server

CREDENTIALS = Credentials("AKIDEXAMPLE", "secret", "token")
NOTHING: dict[str, Any] = {"url": None, "key": None, "iam": False, "stage": None, "region": None}


def signature(received: ReceivedRequest, url: str, credentials: Credentials) -> str:
    """What botocore makes of the request as it came, at the time it names."""
    signed = received.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    headers = {name: received.headers[name] for name in signed.split(";")}
    request = AWSRequest(received.method, url, data=received.body, headers=headers)
    request.context["timestamp"] = received.headers["x-amz-date"]
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

    (request,) = server.received
    url = f"{server.url}v1/messages"
    signed = request.headers["authorization"].rpartition("Signature=")[2]
    assert signed == signature(request, url, CREDENTIALS)
    assert signed != signature(request._replace(body=b"{}"), url, CREDENTIALS)
    assert signed != signature(request, url, Credentials("AKIDEXAMPLE", "other", "token"))
    assert "/eu-west-1/execute-api/aws4_request" in request.headers["authorization"]
    assert request.headers["x-amz-security-token"] == "token"
    assert "x-api-key" not in request.headers
    assert json.loads(request.body) == body


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
def test_a_stage_reports_its_endpoint_and_what_it_requires(caller: type, tmp_path: Path) -> None:
    endpoint = chosen(
        **{**NOTHING, "stage": "dev", "region": "eu-west-1", "key": "k"}, local_dir=tmp_path
    )

    assert endpoint.url == "https://x/dev/"
    assert type(endpoint.caller) is caller


@pytest.mark.parametrize("gateway_stack", [URL], indirect=True)
@pytest.mark.usefixtures("gateway_stack")
def test_a_stage_that_requires_a_key_gets_none_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match="CLAUDE_BEDROCK_KEY"):
        chosen(**{**NOTHING, "stage": "dev", "region": "eu-west-1"}, local_dir=tmp_path)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"url": "https://x"}, "--url needs a key"),
        ({"url": "https://x", "stage": "dev", "key": "k"}, "cannot be combined"),
        ({"iam": True}, "--iam needs --url"),
        ({}, "make local"),
    ],
)
def test_what_is_missing_or_contradicts_is_reported(
    options: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    with pytest.raises(NoTargetError, match=expected):
        chosen(**{**NOTHING, **options}, local_dir=tmp_path)


def test_an_address_may_be_signed_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    options = {**NOTHING, "url": "https://x", "iam": True, "region": "eu-west-1"}

    assert isinstance(chosen(**options, local_dir=tmp_path).caller, BySignature)


def test_no_credentials_to_sign_with_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    options = {**NOTHING, "url": "https://x", "iam": True, "region": "eu-west-1"}

    with pytest.raises(NoTargetError, match="get-caller-identity"):
        chosen(**options, local_dir=tmp_path)


KEY = "9e8f46bc20f943709fc576de5a86567b"


@pytest.mark.parametrize("around", ["{}\r", "{}\r\n", " {}\t", "\n{}\n"])
def test_white_space_around_a_key_is_left_out(server: Server, tmp_path: Path, around: str) -> None:
    server.body = b"{}"
    options = {**NOTHING, "url": server.url, "key": around.format(KEY)}

    chosen(**options, local_dir=tmp_path).get("/x")

    assert server.received[0].headers["x-api-key"] == KEY


@pytest.mark.parametrize("key", [f"{KEY}\r{KEY}", f"{KEY} {KEY}", f"{KEY}\x00", f"{KEY}ü", "\r\n"])
def test_a_key_that_no_header_may_hold_is_not_quoted(
    server: Server, tmp_path: Path, key: str
) -> None:
    with pytest.raises(NoTargetError, match="not allowed in an HTTP header") as error:
        chosen(**{**NOTHING, "url": server.url, "key": key}, local_dir=tmp_path)

    assert KEY not in str(error.value)
    assert not server.received


@pytest.mark.parametrize(
    "url",
    [
        *("https://ann:secret-word@x.example/dev", "https://x.example/dev?key=secret-word"),
        *("https://x.example/dev#secret-word", "x.example/dev", "ftp://x.example", "https://"),
        *("https://x:port/dev", "https://[::1/dev", " "),
    ],
)
def test_what_is_no_endpoints_url_names_the_form(url: str, tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match=r"https://ID\.execute-api") as error:
        chosen(**{**NOTHING, "url": url, "key": "k"}, local_dir=tmp_path)
    assert "secret-word" not in str(error.value)


@pytest.mark.parametrize(
    ("status", "path", "headers", "advice"),
    [
        (403, "", {}, "does the URL end with the stage"),
        (403, "", {"request-id": "r1"}, ""),
        (404, "v1", {"request-id": "r1"}, "give the URL without /v1"),
        (404, "", {"request-id": "r1"}, ""),
        (500, "v1", {}, ""),
    ],
)
def test_a_url_that_leads_past_the_stage_is_reported(
    server: Server, status: int, path: str, headers: dict[str, str], advice: str
) -> None:
    server.status, server.headers, server.body = status, headers, b'{"message": "Forbidden"}'
    endpoint = Endpoint(f"{server.url}{path}", ByKey(KEY), None)

    with pytest.raises(RefusedError) as error:
        endpoint.get("/health")

    assert str(error.value).startswith(str(status))
    assert advice in str(error.value)
    assert (": does" in str(error.value) or ": give" in str(error.value)) == bool(advice)


def test_what_the_endpoint_answers_about_a_key_is_not_repeated(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_BEDROCK_KEY", KEY)
    error = {"type": "authentication_error", "message": f"no such key: {KEY}"}
    server.status, server.body = 401, json.dumps({"error": error}).encode()

    with pytest.raises(RefusedError) as refusal:
        Endpoint(server.url, ByKey(KEY), None).get("/health")

    assert KEY not in str(refusal.value)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_client_certificate_that_cannot_be_used_names_the_variable(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    certificate = tmp_path / "client.pem"
    if content is not None:
        certificate.write_bytes(content)
    monkeypatch.setenv("CLAUDE_BEDROCK_CLIENT_CERT", str(certificate))

    with pytest.raises(NoTargetError, match=r"client certificate\. Set CLAUDE_BEDROCK_CLIENT_CERT"):
        Endpoint(server.url, ByKey(KEY), None).get("/health")

    assert not server.received
