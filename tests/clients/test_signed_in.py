"""A person signs in at an identity provider, and Claude Code calls the endpoint in her name."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from claude_bedrock.cli.main import app
from tests.clients import installed, runs
from tests.identity_provider.server import IdentityProvider, identity_provider, person_at_browser
from tests.integration.deployed.deployment import MODEL, Deployment, message

AUDIENCE = "claude-on-bedrock"


@pytest.fixture(scope="module")
def provider(
    deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[IdentityProvider]:
    """The provider in place of the stage's issuer `local`, in the authorizer's environment."""
    client = deployment.client("lambda")
    name = deployment.output("Gateway", "AuthorizerName")
    before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    with identity_provider(tmp_path_factory.mktemp("provider")) as up:
        issuers = [{**each, "url": up.issuer} for each in json.loads(before["TOKEN_ISSUERS"])]
        moved = {"TOKEN_ISSUERS": json.dumps(issuers), "SSL_CERT_FILE": str(up.ca_bundle)}
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": {**before, **moved}}
        )
        yield up
    client.update_function_configuration(FunctionName=name, Environment={"Variables": before})


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


def test_a_token_of_the_command_calls_the_endpoint(deployment: Deployment, home: Path) -> None:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(home / ".config")}
    command = [str(Path(sys.executable).with_name("claude-bedrock")), "token"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {ran.stdout.removesuffix(chr(10))}",
    }
    body = json.dumps({**message("Who am I?"), "model": MODEL}).encode()
    answer = deployment.call("POST", "/v1/messages", body, headers)

    assert answer.status == 200, answer.body
    entry = deployment.audit_line(gateway_request_id=answer.headers["x-amzn-requestid"])
    assert (entry["caller"], entry["token_issuer"]) == ("ana", "local")


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
