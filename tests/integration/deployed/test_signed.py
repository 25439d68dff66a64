"""A stage whose auth is iam: who signs and is let in by IAM is served, and on record; no other."""

import json
import ssl
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import anthropic
import boto3
import httpx2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from canary import handler
from canary.questions import questions
from claude_bedrock.cli.shared.record_sources import records_of
from tests.integration.deployed.deployment import MODEL, Answer, Deployment, message
from tests.integration.deployed.running import running
from tests.integration.deployed.test_canary import as_deployed, runs
from tests.integration.deployed.test_cli import claude_bedrock
from tests.integration.deployed.test_keys import refused
from tests.integration.deployed.test_records import both, recorded

REGION = "us-east-1"
BODY = json.dumps(message("Who signed?")).encode()
STAGE = {
    "region": REGION,
    "models": [MODEL],
    "callers": {"auth": "iam", "throttle": {"rate_per_second": 50, "burst": 100}},
    "logging": {"keep_logs_on_destroy": False},
    "evidence": {"canary": MODEL},
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    stages_file = tmp_path_factory.mktemp("stages") / "stages.json"
    stages_file.write_text(json.dumps({"signed": STAGE}))
    state = tmp_path_factory.mktemp("signed")
    with running(state, "--stage", "signed", "--stages-file", str(stages_file)) as up:
        yield up


def aws(signed: Deployment, service: str, account: str) -> Any:  # noqa: ANN401 - made at run time
    """A client of the embedded AWS, where an account's id is a key of it."""
    make: Any = boto3.Session(region_name=REGION).client
    return make(
        service,
        endpoint_url=signed.endpoint["aws_endpoint_url"],
        aws_access_key_id=account,
        aws_secret_access_key="test",
    )


def session_of(signed: Deployment, name: str, account: str = "123456789012") -> Credentials:
    """Of a role by that name, which may call the endpoint if its name is `caller`, and in another
    account may call any."""
    iam = aws(signed, "iam", account)
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    if name == "caller":
        policy = signed.output("Gateway", "InvokeEndpointPolicyArn")
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    if account != "123456789012":
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    credentials = aws(signed, "sts", account).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{name}", RoleSessionName="nightly"
    )["Credentials"]
    return Credentials(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )


@pytest.fixture
def caller(signed: Deployment) -> Credentials:
    return session_of(signed, "caller")


def signature(
    url: str, body: bytes, credentials: Credentials, service: str = "execute-api"
) -> dict[str, str]:
    request = AWSRequest("POST", url, {"content-type": "application/json"}, body)
    SigV4Auth(credentials, service, REGION).add_auth(request)
    return dict(request.headers.items())


def call(
    signed: Deployment,
    headers: Mapping[str, str] | Credentials,
    path: str = "/v1/messages",
    body: bytes = BODY,
) -> Answer:
    if isinstance(headers, Credentials):
        headers = signature(signed.endpoint["http_url"] + path, body, headers)
    return signed.call("POST", path, body, headers)


@pytest.mark.parametrize("stream", [False, True])
def test_who_signed_is_in_the_audit_line_and_in_bedrocks_record_and_in_no_response(
    signed: Deployment, caller: Credentials, stream: bool
) -> None:
    body = json.dumps({**message("Who signed?"), "stream": stream}).encode()

    answer = call(signed, caller, body=body)

    assert answer.status == 200
    assert (b"event: message_stop" in answer.body) is stream
    arn = "arn:aws:sts::123456789012:assumed-role/caller/nightly"
    request_id = answer.headers["request-id"]
    assert signed.audit_line(bedrock_request_id=request_id)["caller_arn"] == arn
    records = records_of(signed.stage())
    for record in both(recorded(records, request_id)):
        assert record["requestMetadata"] == {
            "caller_arn": arn,
            "gateway_request_id": answer.headers["x-amzn-requestid"],
        }
    assert "123456789012" not in f"{answer.headers} {answer.body!r}"


def test_bedrocks_own_paths_are_signed_the_same_way(
    signed: Deployment, caller: Credentials
) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}).encode()

    answer = call(signed, caller, f"/model/{MODEL}/converse", body)

    assert answer.status == 200
    assert answer.json()["output"]["message"]["role"] == "assistant"


Signing = Generator[httpx2.Request, httpx2.Response, None]


class Signed(httpx2.Auth):
    """As in docs/clients.md."""

    requires_request_body = True

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def auth_flow(self, request: httpx2.Request) -> Signing:
        aws_request = AWSRequest(
            request.method,
            str(request.url),
            {"content-type": request.headers["content-type"]},
            request.content,
        )
        SigV4Auth(self._credentials, "execute-api", REGION).add_auth(aws_request)
        request.headers.update(dict(aws_request.headers.items()))
        yield request


def test_the_anthropic_sdk_can_sign(signed: Deployment, caller: Credentials) -> None:
    trust = ssl.create_default_context(cafile=signed.endpoint["ca_bundle"])
    http = anthropic.DefaultHttpxClient(verify=trust, auth=Signed(caller))
    url = signed.endpoint["url"]

    with (
        anthropic.Anthropic(base_url=url, api_key="unused", http_client=http) as client,
        client.messages.stream(
            model=MODEL, max_tokens=100, messages=[{"role": "user", "content": "Good day"}]
        ) as stream,
    ):
        assert "Good day" in "".join(stream.text_stream)


def test_the_canary_signs_and_its_role_is_let_in(
    signed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedded AWS runs it as the account's root; here it is its role that signs."""
    assert runs(signed) == {"failures": []}
    name = signed.output("Gateway", "CanaryName")
    role = signed.client("lambda").get_function_configuration(FunctionName=name)["Role"]
    credentials = signed.client("sts").assume_role(RoleArn=role, RoleSessionName="canary")[
        "Credentials"
    ]
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    variables = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    keys = dict(zip(variables, (credentials[name] for name in names), strict=True))

    assert handler.run(as_deployed(signed, monkeypatch, keys), questions(MODEL)) == []

    path = signed.endpoint["http_url"] + "/v1/models"
    session = Credentials(*(credentials[name] for name in names))
    request = AWSRequest("GET", path)
    SigV4Auth(session, "execute-api", REGION).add_auth(request)
    headers = dict(request.headers.items())
    refused(signed.call("GET", "/v1/models", headers=headers), 403, "permission_error")


def test_who_does_not_sign_is_refused_with_the_fix(signed: Deployment) -> None:
    for headers in ({}, {"x-api-key": "some-key"}):
        answer = refused(call(signed, headers), 401, "authentication_error")
        assert "not signed" in answer.json()["error"]["message"]
        assert answer.headers["x-should-retry"] == "false"
        assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("service", ["bedrock", "execute-api"])
def test_a_signature_for_another_service_or_by_another_secret_is_none(
    signed: Deployment, caller: Credentials, service: str
) -> None:
    """The first is what boto3 and the SDKs for Bedrock sign."""
    url = signed.endpoint["http_url"] + "/v1/messages"
    if service == "execute-api":
        caller = Credentials(caller.access_key, "wrong", caller.token)

    answer = call(signed, signature(url, BODY, caller, service))

    refused(answer, 401, "authentication_error")
    assert answer.headers["x-amzn-errortype"] == "InvalidSignatureException"


def test_a_changed_body_and_an_unknown_key_are_refused(
    signed: Deployment, caller: Credentials
) -> None:
    url = signed.endpoint["http_url"] + "/v1/messages"
    changed = BODY.replace(b"Who", b"Why")
    refused(call(signed, signature(url, BODY, caller), body=changed), 401, "authentication_error")

    unknown = Credentials("ASIAUNKNOWN", caller.secret_key, caller.token)
    refused(call(signed, signature(url, BODY, unknown)), 401, "authentication_error")
    bearer = {"authorization": "Bearer some-key"}
    refused(call(signed, bearer), 401, "authentication_error")


def test_a_signature_that_is_too_old_is_refused(signed: Deployment, caller: Credentials) -> None:
    past = datetime.now(UTC) - timedelta(minutes=10)
    with mock.patch("botocore.auth.get_current_datetime", return_value=past):
        headers = signature(signed.endpoint["http_url"] + "/v1/messages", BODY, caller)

    refused(call(signed, headers), 401, "authentication_error")


@pytest.mark.parametrize(("name", "account"), [("nobody", "123456789012"), ("all", "999999999999")])
def test_who_may_not_call_or_is_of_another_account_is_refused(
    signed: Deployment, name: str, account: str
) -> None:
    answer = call(signed, session_of(signed, name, account))

    refused(answer, 403, "permission_error")
    assert account not in answer.body.decode()


def test_open_doors_are_open_and_there_are_no_keys(signed: Deployment) -> None:
    assert signed.call("GET", "/health").status == 200
    assert signed.output("Gateway", "Auth") == "iam"
    assert signed.client("apigateway").get_api_keys()["items"] == []
    listed = claude_bedrock(signed, "keys", "list")
    assert listed.returncode != 0
    assert "auth is iam" in listed.stderr


def test_the_command_line_signs_for_what_is_up(
    signed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    process = claude_bedrock(signed, "ask", "Hello there")
    assert process.returncode == 0, process.stderr
    assert "Hello there" in process.stdout
