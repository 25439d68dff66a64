"""That the lines of `claude-bedrock env` are those of docs/clients.md, and hold a key only if it is
known."""

import json
import re
import shlex
from pathlib import Path
from typing import get_args

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from claude_bedrock.cli.env import client_access
from claude_bedrock.cli.env.client_environment import Access, Client, variables
from claude_bedrock.cli.main import app
from claude_bedrock.cli.shared.deployment import Deployment, NoTargetError
from tests.unit.cli.answers import Server
from tools.docs.pages import blocks, section

ACCESS = Access("dev", "us-east-1", "https://x/dev/", takes_keys=True, key="$K", ca_bundle=None)
SECTIONS: dict[Client, str] = {
    "anthropic": "As the Go and Java SDKs send",
    "claude-code": "Claude Code",
    "claude-code-bedrock": "Claude Code, Bedrock mode",
    "boto3": "boto3, InvokeModel",
    "aws-cli": "AWS CLI",
    "aws-sdk-js": "AWS SDK for JavaScript, Converse",
    "langchain-aws": "langchain-aws",
    "litellm": "LiteLLM",
}


@pytest.mark.parametrize("client", SECTIONS)
def test_the_variables_of_a_client_are_those_of_its_page(client: Client) -> None:
    page = "\n".join(blocks(section("docs/clients.md", SECTIONS[client])))
    documented = dict(re.findall(r"^export (\w+)=(.+)$", page, re.MULTILINE))
    documented.pop("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", None)  # the suite's own

    made = variables(client, ACCESS._replace(url="$URL", key="$KEY"))

    assert documented.items() <= made.items()


@pytest.mark.parametrize("client", get_args(Client))
def test_without_a_key_no_line_is_empty(client: Client) -> None:
    with_key = variables(client, ACCESS)
    without = variables(client, ACCESS._replace(key=None))

    assert "$K" in with_key.values()
    assert without.items() == {item for item in with_key.items() if item[1] != "$K"}
    assert "https://x/dev" in without.values()


def test_a_stage_of_signed_requests_refuses_clients_that_send_keys() -> None:
    signed = ACCESS._replace(takes_keys=False, key=None)

    assert variables("claude-bedrock", signed) == {"CLAUDE_BEDROCK_URL": "https://x/dev"}
    with pytest.raises(NoTargetError, match="takes signed requests"):
        variables("claude-code", signed)


def test_a_client_certificate_is_named_to_clients_that_read_it_from_variables() -> None:
    access = ACCESS._replace(client_certificate="/x/client.pem")
    certificates = {"CLAUDE_CODE_CLIENT_CERT", "CLAUDE_CODE_CLIENT_KEY"}

    made = variables("claude-code", access)

    assert {name for name, value in made.items() if value == "/x/client.pem"} == certificates
    assert variables("boto3", access) == variables("boto3", ACCESS)


def test_local_mode_names_its_certificates_and_quotes_for_a_shell(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLAUDE_BEDROCK_KEY", raising=False)
    monkeypatch.setattr(
        Deployment, "outputs", lambda *_: {"EndpointUrl": server.url, "ApiKeyIds": "{}"}
    )
    endpoint = {"stage": "local", "region": "us-east-1", "aws_endpoint_url": server.url}
    local_url = "https://localhost:1/local"
    content = {**endpoint, "url": local_url, "ca_bundle": "/a b/ca.pem", "api_keys": {}}
    (tmp_path / "endpoint.json").write_text(json.dumps(content))

    result = CliRunner().invoke(app, ["env", "--key", "k'1", "--local-dir", str(tmp_path)])

    assert (result.exit_code, result.stderr) == (0, "")
    lines = [shlex.split(line) for line in result.stdout.splitlines()]
    assert ["export", "CLAUDE_BEDROCK_KEY=k'1"] in lines
    assert ["export", f"CLAUDE_BEDROCK_URL={local_url}"] in lines
    assert ["export", "SSL_CERT_FILE=/a b/ca.pem"] in lines


@mock_aws
def test_the_keys_value_is_read_from_api_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    client = boto3.client("apigateway", region_name="us-east-1")
    key_id = client.create_api_key(name="default", value="v" * 20)["id"]
    outputs = {"EndpointUrl": "https://x/dev/", "ApiKeyIds": json.dumps({"default": key_id})}
    monkeypatch.setattr(Deployment, "outputs", lambda *_: outputs)

    access, note = client_access.access("dev", "us-east-1", Path(), None, None)

    assert (access.key, note, access.takes_keys) == ("v" * 20, "", True)
    outputs["ApiKeyIds"] = "{}"
    access, note = client_access.access("dev", "us-east-1", Path(), None, None)
    assert (access.key, "claude-bedrock keys add NAME --stage dev" in note) == (None, True)
