"""A changed stage is deployed to the run that is up, and its endpoint.json is renewed."""

import asyncio
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

import pytest
from rich.console import Console

from local.run import redeploy
from local.run.endpoint import Endpoint
from local.run.options import OptionsError
from local.run.state import State

GATEWAY = "claude-on-bedrock-mine-Gateway"
RUNNING = Endpoint(
    url="https://localhost:1/v1",
    http_url="http://localhost:2/v1",
    ca_bundle="ca.pem",
    api_keys={"old": "1", "gone": "2"},
    aws_endpoint_url="http://localhost:3",
    bedrock_endpoint_url="http://127.0.0.1:4",
    region="us-east-1",
    account="123456789012",
    stage="mine",
    outputs={GATEWAY: {"ApiId": "a"}},
)


class Cli:
    """The CDK CLI, which gives the outputs named `outputs`."""

    outputs: ClassVar[Any] = {GATEWAY: {"ApiId": "a", "EndpointUrl": "https://claude.example.com/"}}

    def __init__(self, *, stage: str, folder: Path, stages_file: Path | None) -> None:
        del folder, stages_file
        assert stage == "mine"

    async def synth(self, report: Callable[[str], None]) -> None:
        report("")

    async def deploy(self, aws: Any, report: Callable[[str], None]) -> Any:  # noqa: ANN401
        del aws, report
        return self.outputs


@pytest.fixture
def deploying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Deploys a stage of this block; gives what is printed."""
    monkeypatch.setattr(redeploy, "Cdk", Cli)
    monkeypatch.setattr(redeploy, "is_up", lambda _url: True)
    monkeypatch.setattr(redeploy, "api_keys", lambda *_: {"old": "1", "new": "3"})
    State(tmp_path).write_endpoint(RUNNING._asdict())

    def deploy(**block: str) -> str:
        stages_file = tmp_path / "stages.json"
        stages_file.write_text(json.dumps({"mine": {"region": "us-east-1", **block}}))
        output = StringIO()
        asyncio.run(redeploy.redeploy(tmp_path, stages_file, Console(file=output, width=200)))
        return output.getvalue()

    return deploy


def test_the_endpoint_is_renewed(deploying: Callable[..., str], tmp_path: Path) -> None:
    output = deploying()
    after = State(tmp_path).read_endpoint()

    # The stage has a domain name now, and its root stands for the stage.
    expected = RUNNING._replace(
        url="https://localhost:1",
        http_url="http://localhost:2",
        outputs=Cli.outputs,
        api_keys={"old": "1", "new": "3"},
    )
    assert after == expected._asdict()
    assert "new key new: 3" in output
    assert "key gone is gone" in output


def test_another_region_and_another_api_need_a_new_start(
    deploying: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(redeploy.NotRedeployedError, match="eu-west-1 and runs in us-east-1"):
        deploying(region="eu-west-1")
    monkeypatch.setattr(Cli, "outputs", {GATEWAY: {"ApiId": "b"}})
    with pytest.raises(redeploy.NotRedeployedError, match="the API was replaced"):
        deploying()


def test_a_truststore_needs_a_new_start(
    deploying: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = {**Cli.outputs[GATEWAY], "TruststoreVersion": "1"}
    monkeypatch.setattr(Cli, "outputs", {GATEWAY: gateway})
    with pytest.raises(redeploy.NotRedeployedError, match="asked for a certificate"):
        deploying()


def test_without_a_run_there_is_nothing_to_deploy_to(
    deploying: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redeploy, "is_up", lambda _url: False)
    with pytest.raises(redeploy.NotRedeployedError, match="Nothing is up"):
        deploying()
    with pytest.raises(redeploy.NotRedeployedError, match="Nothing is up"):
        asyncio.run(redeploy.redeploy(tmp_path / "other", None, Console(file=StringIO())))


def test_a_deleted_stage_is_named(tmp_path: Path, deploying: Callable[..., str]) -> None:
    del deploying
    stages_file = tmp_path / "others.json"
    stages_file.write_text(json.dumps({"others": {}}))
    with pytest.raises(OptionsError, match="has no stage 'mine'"):
        asyncio.run(redeploy.redeploy(tmp_path, stages_file, Console(file=StringIO())))
