"""Who signed in calls the endpoint: a person with Claude Code, and a role of AWS."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from claude_bedrock.cli.main import app
from tests.clients import installed, runs
from tests.identity_provider.server import IdentityProvider, identity_provider, person_at_browser
from tests.integration.deployed.deployment import MODEL, Deployment, message

AUDIENCE = "claude-on-bedrock"


@contextmanager
def stage_issuer(deployment: Deployment, url: str, **variables: str) -> Iterator[None]:
    """For the block, have the authorizer take the URL as that of the stage's issuer `local`."""
    client = deployment.client("lambda")
    name = deployment.output("Gateway", "AuthorizerName")
    before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    issuers = [{**each, "url": url} for each in json.loads(before["TOKEN_ISSUERS"])]
    moved = {**before, "TOKEN_ISSUERS": json.dumps(issuers), **variables}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": moved})
    yield
    client.update_function_configuration(FunctionName=name, Environment={"Variables": before})


@pytest.fixture(scope="module")
def provider(
    deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[IdentityProvider]:
    with (
        identity_provider(tmp_path_factory.mktemp("provider")) as up,
        stage_issuer(deployment, up.issuer, SSL_CERT_FILE=str(up.ca_bundle)),
    ):
        yield up


@pytest.fixture(scope="module")
def home(
    deployment: Deployment, provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A home in which Ana is signed in, and Claude Code is set up for the endpoint."""
    folder = tmp_path_factory.mktemp("ana")
    with pytest.MonkeyPatch.context() as patch, person_at_browser(provider, "ana"):
        patch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
        patch.setenv("SSL_CERT_FILE", str(provider.ca_bundle))
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        patch.setattr("keyring.core._keyring_backend", None)
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        settings = folder / ".claude" / "settings.json"
        for arguments in (
            ("login", "--issuer", provider.issuer, "--client-id", AUDIENCE),
            (
                *("setup", "claude-code", "--yes", "--settings", str(settings)),
                *("--local-dir", str(deployment.state)),
            ),
        ):
            ended = CliRunner().invoke(app, arguments)
            assert ended.exit_code == 0, ended.stderr
    return folder


def last_entry(deployment: Deployment, before: int) -> dict[str, Any]:
    """The last audit log entry of a call that ended well, behind so many bytes of the log."""
    with (deployment.state / "gateway.log").open() as log:
        log.seek(before)
        lines = [json.loads(line) for line in log if line.startswith("{")]
    entries = [line["audit"] for line in lines if "audit" in line]
    entry: dict[str, Any] = [each for each in entries if each["outcome"] == "completed"][-1]
    return entry


def token(environment: Mapping[str, str], *options: str) -> str:
    """What `claude-bedrock token` prints, without the end of its line."""
    command = [str(Path(sys.executable).with_name("claude-bedrock")), "token", *options]
    ran = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return ran.stdout.removesuffix("\n")


def caller_of(deployment: Deployment, value: str) -> tuple[str, str]:
    """The caller and token issuer that the audit log entry of a call with this token names."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {value}"}
    body = json.dumps({**message("Who am I?"), "model": MODEL}).encode()
    answer = deployment.call("POST", "/v1/messages", body, headers)
    assert answer.status == 200, answer.body
    entry = deployment.audit_line(gateway_request_id=answer.headers["x-amzn-requestid"])
    return entry["caller"], entry["token_issuer"]


def test_a_token_of_the_command_calls_the_endpoint(deployment: Deployment, home: Path) -> None:
    value = token({"XDG_CONFIG_HOME": str(home / ".config")})
    assert caller_of(deployment, value) == ("ana", "local")


def test_claude_code_calls_in_the_name_of_who_signed_in(
    deployment: Deployment, clients: runs.Places, home: Path
) -> None:
    """It has no key: its settings name the command that prints the token."""
    path = os.pathsep.join([str(installed.binaries("python")), "/usr/bin", "/bin"])
    environment = {
        "PATH": path,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "MODEL": MODEL,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    before = (deployment.state / "gateway.log").stat().st_size
    caller = runs.Caller("ana", environment, ["json"])
    outcome = clients.drivers("node").run("claude_code.mjs", [caller])["ana", "json"]

    assert "a stand-in for Claude Haiku 4.5" in outcome.get("text", ""), outcome
    entry = last_entry(deployment, before)
    assert (entry["caller"], entry["token_issuer"]) == ("ana", "local")


def test_a_token_of_a_role_calls_the_endpoint_in_the_roles_name(
    deployment: Deployment, tmp_path: Path
) -> None:
    """AWS signs it: the embedded STS, whose issuer the authorizer asks for keys."""
    iam = deployment.client("iam")
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    rights = {"Effect": "Allow", "Action": "sts:GetWebIdentityToken", "Resource": "*"}
    role = iam.create_role(RoleName="pipeline", AssumeRolePolicyDocument=policy(trust))["Role"]
    iam.put_role_policy(RoleName="pipeline", PolicyName="token", PolicyDocument=policy(rights))
    keys = deployment.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="run-7")
    environment = {
        "XDG_CONFIG_HOME": str(tmp_path),
        "AWS_ENDPOINT_URL_STS": deployment.endpoint["aws_endpoint_url"],
        "AWS_REGION": deployment.endpoint["region"],
        "AWS_ACCESS_KEY_ID": keys["Credentials"]["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["Credentials"]["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["Credentials"]["SessionToken"],
    }
    value = token(environment, "--aws", "--audience", AUDIENCE)

    with stage_issuer(deployment, issuer):
        assert caller_of(deployment, value) == (role["Arn"], "local")
    iam.disable_outbound_web_identity_federation()


def policy(statement: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
