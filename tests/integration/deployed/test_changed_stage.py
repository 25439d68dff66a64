"""CloudFormation accepts a changed stage, and the local AWS refuses what CloudFormation refuses."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from local.aws.client import Aws
from local.aws.server import embedded_aws
from local.run.cdk_cli import Cdk
from tests.integration.deployed.deployment import MODEL

SMALL = {
    "region": "us-east-1",
    "models": [MODEL],
    "logging": {"keep_logs_on_destroy": False, "record_access_log": "server_access_log"},
}
CHANGED = {
    **SMALL,
    "models": {"allow": [MODEL], "geography": "us"},
    "callers": {"auth": "iam"},
    "logging": {"keep_logs_on_destroy": False},
}
STACKS = ("InvocationLogging", "ModelAccess", "Gateway", "Observability")


def template(**outputs: str) -> str:
    """A parameter, and exports of these values."""
    properties = {"Type": "String", "Value": "x"}
    return json.dumps(
        {
            "Resources": {"One": {"Type": "AWS::SSM::Parameter", "Properties": properties}},
            "Outputs": {
                name: {"Value": value, "Export": {"Name": name}} for name, value in outputs.items()
            },
        }
    )


def test_a_stage_changes_and_changes_back(tmp_path: Path) -> None:
    async def synthesized(name: str, block: dict[str, Any]) -> Cdk:
        folder = tmp_path / name
        folder.mkdir()
        stages_file = folder / "stages.json"
        stages_file.write_text(json.dumps({"changed": block}))
        cdk = Cdk(stage="changed", folder=folder, stages_file=stages_file)
        await cdk.synth(_print)
        return cdk

    async def main() -> None:
        async with embedded_aws(region="us-east-1", port=0, folder=tmp_path / "aws") as aws:
            small = await synthesized("small", SMALL)
            changed = await synthesized("changed", CHANGED)
            await small.bootstrap(aws, _print)
            _refuses_a_dropped_export(aws)
            for stage in (small, changed, small):
                await stage.deploy(aws, _print)
            client = aws.client("cloudformation")
            names = [f"claude-on-bedrock-changed-{name}" for name in STACKS]
            states = [
                client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] for name in names
            ]

        assert states == ["UPDATE_COMPLETE"] * 4

    asyncio.run(main())


def _refuses_a_dropped_export(aws: Aws) -> None:
    client = aws.client("cloudformation")
    importer = json.loads(template())
    importer["Resources"]["One"]["Properties"]["Value"] = {"Fn::ImportValue": "Used"}
    for name, body in (("producer", template(Used="x")), ("consumer", json.dumps(importer))):
        client.create_stack(StackName=name, TemplateBody=body)
        client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    client.update_stack(StackName="producer", TemplateBody=template(Another="y"))
    with pytest.raises(WaiterError, match="UPDATE_ROLLBACK"):
        client.get_waiter("stack_update_complete").wait(
            StackName="producer", WaiterConfig={"Delay": 1}
        )
    events = client.describe_stack_events(StackName="producer")["StackEvents"]
    reasons = {event.get("ResourceStatusReason") for event in events}
    for name in ("consumer", "producer"):
        client.delete_stack(StackName=name)
        client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})

    assert "Export Used cannot be deleted as it is in use by consumer" in reasons


def _print(detail: str) -> None:
    del detail
