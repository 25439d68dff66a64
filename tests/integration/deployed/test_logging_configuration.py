"""The Region's logging configuration, set and removed by deployments into an AWS of their own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from local.aws import Aws, Client
from local.cdk import Cdk, CdkError
from local.embedded_aws import embedded_aws
from tests.integration.deployed.deployment import Deployment

STACK = "claude-on-bedrock-local-InvocationLogging"
FOREIGN = {
    "s3Config": {"bucketName": "of-another-team", "keyPrefix": "theirs"},
    "textDataDeliveryEnabled": True,
}


class Account(NamedTuple):
    """An AWS to deploy into, and the assembly that the shared deployment synthesised."""

    aws: Aws
    cdk: Cdk
    bedrock: Client

    async def deploy(self) -> None:
        await self.cdk.deploy(self.aws, _say, STACK)

    async def destroy(self) -> None:
        await self.cdk.destroy(self.aws, _say, STACK)

    def configuration(self) -> dict[str, Any] | None:
        answer = self.bedrock.get_model_invocation_logging_configuration()
        found: dict[str, Any] | None = answer.get("loggingConfig")
        return found


InAccount = Callable[[Callable[[Account], Coroutine[Any, Any, None]]], None]


@pytest.fixture
def in_account(deployment: Deployment, tmp_path: Path) -> InAccount:
    """Runs a coroutine function in a fresh, bootstrapped account."""

    def run(use: Callable[[Account], Coroutine[Any, Any, None]]) -> None:
        async def main() -> None:
            async with account(deployment.state / "cdk.out", tmp_path) as made:
                await use(made)

        asyncio.run(main())

    return run


@asynccontextmanager
async def account(assembly: Path, folder: Path) -> AsyncIterator[Account]:
    (folder / "cdk.out").symlink_to(assembly)
    cdk = Cdk(stage="local", folder=folder)
    async with embedded_aws(region="us-east-1", port=0, folder=folder / "aws") as aws:
        await cdk.bootstrap(aws, _say)
        yield Account(aws, cdk, aws.client("bedrock"))


def _say(detail: str) -> None:
    del detail


def test_destroying_the_stack_removes_what_it_set(in_account: InAccount) -> None:
    async def use(account: Account) -> None:
        await account.deploy()
        set_up = account.configuration()
        await account.destroy()

        assert set_up is not None
        assert set_up["cloudWatchConfig"]["logGroupName"] == "/claude-on-bedrock/local/invocations"
        assert account.configuration() is None

    in_account(use)


def test_another_teams_configuration_stops_the_deployment_and_stays(in_account: InAccount) -> None:
    async def use(account: Account) -> None:
        account.bedrock.put_model_invocation_logging_configuration(loggingConfig=FOREIGN)
        before = account.configuration()
        with pytest.raises(CdkError, match="of-another-team"):
            await account.deploy()

        assert account.configuration() == before
        assert before is not None
        assert "of-another-team" in json.dumps(before)

    in_account(use)
