"""The Region's logging configuration, set and removed by deployments into an AWS of their own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import aws_cdk as cdk
import pytest
from botocore.exceptions import ClientError

import app as project
from local.aws.client import Aws, Client
from local.aws.server import embedded_aws
from local.run.cdk_cli import CLI, Cdk, CdkError
from stacks.settings import load_stage
from tests.integration.deployed.deployment import MODEL, eventually
from tests.integration.deployed.response_overrides import override, set_overrides
from tests.integration.deployed.test_enforcement import document
from tools.stage_blocks import with_names
from tools.synthesis import CONTEXT

STACK = "claude-on-bedrock-local-InvocationLogging"
BUCKET, GROUP = "of-another-team", "/of-another-team"
FOREIGN = {
    "s3Config": {"bucketName": BUCKET, "keyPrefix": "theirs"},
    "textDataDeliveryEnabled": True,
}
SERVICE = {"Service": "bedrock.amazonaws.com"}
OBJECTS = {
    "Effect": "Allow",
    "Principal": SERVICE,
    "Action": "s3:PutObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/theirs/*",
}
TRUST = {"Effect": "Allow", "Principal": SERVICE, "Action": "sts:AssumeRole"}
EVENTS = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*",
}
ROLE = f"arn:aws:iam::123456789012:role/{BUCKET}"
COMPLETE = {
    "cloudWatchConfig": {"logGroupName": GROUP, "roleArn": ROLE},
    "s3Config": {"bucketName": BUCKET, "keyPrefix": "theirs"},
    **{
        f"{kind}DataDeliveryEnabled": True
        for kind in ("text", "image", "embedding", "video", "audio")
    },
}
BLOCK = {
    "region": "us-east-1",
    "models": [MODEL],
    "logging": {"keep_logs_on_destroy": False, "existing_logging_role": ROLE},
}
SAVED = "/claude-on-bedrock/local/saved-logging-configuration"

LOG_ROLE = "api-gateway-logs-us-east-1"
BY_AN_SCP = "with an explicit deny in a service control policy"


Block = Mapping[str, Any]
Assemble = Callable[[Block], Path]


class Account(NamedTuple):
    """An AWS to deploy into, and the folder of the assembly that is deployed; `assemble` makes
    the assembly of a stage block."""

    aws: Aws
    cdk: Cdk
    bedrock: Client
    folder: Path
    assemble: Assemble

    async def deploy(self) -> Mapping[str, str]:
        outputs = await self.cdk.deploy(self.aws, _print, STACK)
        return outputs[STACK]

    async def deploy_with(self, existing_logging: str, **changes: object) -> Mapping[str, str]:
        """Of a stage that says so."""
        block = with_names(BLOCK, existing_logging=existing_logging, **changes)
        self.use(self.assemble(block))
        return await self.deploy()

    def use(self, assembly: Path) -> None:
        """From now on, what is deployed is that assembly's."""
        link = self.folder / "cdk.out"
        link.unlink(missing_ok=True)
        link.symlink_to(assembly)

    async def destroy(self) -> None:
        await self.cdk.destroy(self.aws, _print, STACK)

    def create_destinations_of_another(self) -> None:
        """What another team has: a log group for 30 days, and a bucket with versions; Bedrock may
        write to both."""
        logs, s3, iam = self.aws.client("logs"), self.aws.client("s3"), self.aws.client("iam")
        logs.create_log_group(logGroupName=GROUP)
        logs.put_retention_policy(logGroupName=GROUP, retentionInDays=30)
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_policy(Bucket=BUCKET, Policy=document(OBJECTS))
        iam.create_role(RoleName=BUCKET, AssumeRolePolicyDocument=document(TRUST))
        iam.put_role_policy(RoleName=BUCKET, PolicyName="logs", PolicyDocument=document(EVENTS))

    def set(self, configuration: Mapping[str, Any]) -> None:
        """As another team does, whose destinations are there."""
        groups = self.aws.client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
        if not groups:
            self.create_destinations_of_another()
        self.bedrock.put_model_invocation_logging_configuration(loggingConfig=configuration)

    def configuration(self) -> dict[str, Any] | None:
        answer = self.bedrock.get_model_invocation_logging_configuration()
        configuration: dict[str, Any] | None = answer.get("loggingConfig")
        return configuration

    def refuse(self, *operations: tuple[str, str]) -> None:
        """From now on, what matches in the service of that name; nothing for all to be well."""
        body = {"__type": "AccessDeniedException", "message": f"Not authorized {BY_AN_SCP}"}
        set_overrides(
            self.aws.url,
            *(override(service, pattern, body, 403) for service, pattern in operations),
        )

    def update_account_meanwhile(self) -> None:
        """Calls API Gateway's UpdateAccount as soon as there is a role to log as, as somebody
        else may."""
        iam, api_gateway = self.aws.client("iam"), self.aws.client("apigateway")
        eventually(
            lambda: LOG_ROLE in [role["RoleName"] for role in iam.list_roles()["Roles"]], 300
        )
        feature = {"op": "add", "path": "/features", "value": "UsagePlans"}
        api_gateway.update_account(patchOperations=[feature])

    def events(self) -> list[tuple[str, str]]:
        """Type and state, the newest first, of the stack of that name."""
        client = self.aws.client("cloudformation")
        events = client.describe_stack_events(StackName=STACK)["StackEvents"]
        return [(event["ResourceType"], event["ResourceStatus"]) for event in events]

    def stacks(self) -> list[str]:
        there = self.aws.client("cloudformation").describe_stacks()["Stacks"]
        return [stack["StackName"] for stack in there if stack["StackStatus"] != "DELETE_COMPLETE"]

    def left(self) -> list[str]:
        """Names of what a stage could leave behind in the account, but for CDK's own."""
        logs, s3 = self.aws.client("logs"), self.aws.client("s3")
        functions = self.aws.client("lambda").list_functions()["Functions"]
        keys = self.aws.client("apigateway").get_api_keys()["items"]
        buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        return [
            *(group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]),
            *(bucket for bucket in buckets if not bucket.startswith("cdk-")),
            *(function["FunctionName"] for function in functions),
            *(key["name"] for key in keys),
        ]

    def run_drift_detector(self, drift_detector: str) -> dict[str, Any]:
        answer = self.aws.client("lambda").invoke(FunctionName=drift_detector, Payload=b"{}")
        result: dict[str, Any] = json.loads(answer["Payload"].read())
        return result

    def trails(self) -> list[str]:
        """The bucket of each."""
        return [
            trail["S3BucketName"]
            for trail in self.aws.client("cloudtrail").describe_trails()["trailList"]
        ]

    def saved(self) -> dict[str, Any] | None:
        parameters = self.aws.client("ssm").get_parameters(Names=[SAVED])["Parameters"]
        saved: dict[str, Any] | None = json.loads(parameters[0]["Value"]) if parameters else None
        return saved


Use = Callable[[Account], Coroutine[Any, Any, None]]


class InAccount(Protocol):
    """Runs a coroutine function in a fresh, bootstrapped account."""

    def __call__(self, use: Use, iam_delay: str = "0") -> None: ...


@pytest.fixture(scope="module")
def assemble(tmp_path_factory: pytest.TempPathFactory) -> Assemble:
    """The assembly of each block, synthesized once, in this process: the CDK's engine is the
    dearest part of a synthesis, and starts once."""
    made: dict[str, Path] = {}

    def of(block: Block) -> Path:
        name = json.dumps(block, sort_keys=True)
        if name not in made:
            made[name] = tmp_path_factory.mktemp("assembly")
            app = cdk.App(context=CONTEXT, outdir=str(made[name]))
            project.build(app, load_stage({"local": block}, "local"))
            app.synth()
        return made[name]

    return of


@pytest.fixture
def in_account(assemble: Assemble, tmp_path: Path) -> InAccount:
    """Runs a coroutine function in a fresh, bootstrapped account."""

    def run(use: Use, iam_delay: str = "0") -> None:
        async def main() -> None:
            async with account(assemble, tmp_path, iam_delay) as made:
                await use(made)

        asyncio.run(main())

    return run


@asynccontextmanager
async def account(assemble: Assemble, folder: Path, iam_delay: str) -> AsyncIterator[Account]:
    cli = Cdk(stage="local", folder=folder)
    starting = embedded_aws(region="us-east-1", port=0, folder=folder / "aws", iam_delay=iam_delay)
    async with starting as aws:
        _bootstrap(aws)
        made = Account(aws, cli, aws.client("bedrock"), folder, assemble)
        made.use(assemble(CONTEXT["stages"]["local"]))
        yield made


def _bootstrap(aws: Aws) -> None:
    """Create the stack that `cdk bootstrap` creates, without the CLI's start for each account;
    what the CLI does itself, the other deployments show."""
    template = CLI.parents[1] / "lib/api/bootstrap/bootstrap-template.yaml"
    aws.client("cloudformation").create_stack(
        StackName="CDKToolkit",
        TemplateBody=template.read_text(),
        Parameters=[
            {"ParameterKey": "FileAssetsBucketKmsKeyId", "ParameterValue": "AWS_MANAGED_KEY"}
        ],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    eventually(lambda: _status(aws, "CDKToolkit") == "CREATE_COMPLETE", 60)


def _status(aws: Aws, stack: str) -> str:
    (there,) = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return str(there["StackStatus"])


def _print(detail: str) -> None:
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


def test_bedrock_refuses_destinations_that_it_may_not_write_to(in_account: InAccount) -> None:
    async def use(account: Account) -> None:
        account.set(COMPLETE)
        before = account.configuration()
        iam, s3, logs = (account.aws.client(name) for name in ("iam", "s3", "logs"))
        group, bucket = f"log group: {GROUP}, with role: {ROLE}", f"S3 bucket: {BUCKET}"

        def refused(destination: str) -> None:
            with pytest.raises(ClientError, match=f"validate permissions for {destination}"):
                account.bedrock.put_model_invocation_logging_configuration(loggingConfig=COMPLETE)

        put_trust = partial(iam.update_assume_role_policy, RoleName=BUCKET)
        put_policy = partial(iam.put_role_policy, RoleName=BUCKET, PolicyName="logs")
        put_bucket_policy = partial(s3.put_bucket_policy, Bucket=BUCKET)
        for destination, put, name, statement in (
            (group, put_trust, "PolicyDocument", TRUST),
            (group, put_policy, "PolicyDocument", EVENTS),
            (bucket, put_bucket_policy, "Policy", OBJECTS),
        ):
            put(**{name: document({**statement, "Effect": "Deny"})})
            refused(destination)
            put(**{name: document(statement)})
        account.set(COMPLETE)
        logs.delete_log_group(logGroupName=GROUP)
        refused(group)
        assert account.configuration() == before

    in_account(use)


def test_another_teams_configuration_stops_the_deployment_and_stays(in_account: InAccount) -> None:
    async def use(account: Account) -> None:
        account.set(FOREIGN)
        before = account.configuration()
        with pytest.raises(CdkError, match="of-another-team"):
            await account.deploy()

        assert account.configuration() == before
        assert before is not None
        assert "of-another-team" in json.dumps(before)

    in_account(use)


def test_adopted_is_where_the_record_lies_and_outlives_the_stack(in_account: InAccount) -> None:
    async def use(account: Account) -> None:
        account.set(COMPLETE)
        before = account.configuration()

        with pytest.raises(CdkError, match="/of-another-team: 30 days of age, 90 wanted"):
            await account.deploy_with("adopt", retention_days=90)
        assert account.configuration() == before
        outputs = await account.deploy_with("adopt")

        assert outputs["LogGroupName"] == "/of-another-team"
        assert outputs["LogBucketName"] == "of-another-team"
        assert json.loads(outputs["LoggingConfiguration"]) == before
        assert account.configuration() == before
        await account.destroy()
        assert account.configuration() == before
        assert account.saved() is None

    in_account(use)


def test_replaced_is_set_again_by_the_drift_detector_and_put_back_by_destroying_the_stack(
    in_account: InAccount,
) -> None:
    async def use(account: Account) -> None:
        account.set(COMPLETE)
        before = account.configuration()

        outputs = await account.deploy_with(
            "replace", auto_restore_logging=True, record_access_log="data_events"
        )

        assert outputs["LogGroupName"] == "/claude-on-bedrock/local/invocations"
        own = json.loads(outputs["LoggingConfiguration"])
        assert account.configuration() == own
        assert account.saved() == before
        account.bedrock.delete_model_invocation_logging_configuration()
        result = account.run_drift_detector(outputs["DriftDetectorName"])
        assert [drift["kind"] for drift in result["drift"]] == ["logging deleted"]
        assert result["restored"].endswith("is set again in us-east-1.")
        assert account.configuration() == own
        assert account.saved() == before
        assert account.trails() == [outputs["AccessLogBucketName"]]
        await account.destroy()
        assert account.trails() == []
        assert account.configuration() == before
        assert account.saved() is None

    in_account(use)


def test_extended_becomes_replaced_and_is_put_back_in_the_end(in_account: InAccount) -> None:
    async def use(account: Account) -> None:
        account.set(FOREIGN | {"imageDataDeliveryEnabled": False})
        before = account.configuration()
        assert before is not None

        extended = await account.deploy_with("extend")
        configuration = account.configuration()

        assert extended["LogBucketName"] == "of-another-team"
        assert extended["LogGroupName"] == "/claude-on-bedrock/local/invocations"
        assert configuration is not None
        assert configuration["s3Config"] == before["s3Config"]
        assert configuration["imageDataDeliveryEnabled"] is True
        replaced = await account.deploy_with("replace")
        assert replaced["LogBucketName"] != "of-another-team"
        assert account.saved() == before
        await account.destroy()
        assert account.configuration() == before

    in_account(use)


def test_what_another_sets_in_between_is_left_alone(in_account: InAccount) -> None:
    async def use(account: Account) -> None:
        account.set(COMPLETE)
        before = account.configuration()
        await account.deploy_with("replace")
        account.set(FOREIGN)
        others = account.configuration()

        await account.destroy()

        assert account.configuration() == others
        assert account.saved() == before

    in_account(use)


def test_a_stack_goes_although_bedrock_refuses_and_logging_stays_on(in_account: InAccount) -> None:
    async def use(account: Account) -> None:
        await account.deploy()
        before = account.configuration()
        account.refuse(("bedrock", "DELETE /logging/modelinvocations"))
        await account.destroy()
        account.refuse()

        assert STACK not in account.stacks()
        assert account.configuration() == before

    in_account(use)


def test_a_creation_that_fails_later_on_leaves_what_was_there_and_can_be_repeated(
    in_account: InAccount,
) -> None:
    async def use(account: Account) -> None:
        account.set(COMPLETE)
        before = account.configuration()
        account.refuse(("bedrock", "PUT /data-retention"))
        with pytest.raises(CdkError, match=BY_AN_SCP):
            await account.deploy_with("replace", data_retention="none")
        account.refuse()

        assert ("Custom::BedrockInvocationLogging", "CREATE_COMPLETE") in account.events()
        assert account.configuration() == before
        assert account.saved() is None
        outputs = await account.deploy()
        assert account.configuration() == json.loads(outputs["LoggingConfiguration"])

    in_account(use)


def test_an_update_that_fails_later_on_leaves_logging_as_it_was_before(
    in_account: InAccount,
) -> None:
    async def use(account: Account) -> None:
        account.set(FOREIGN)
        existing = account.configuration()
        await account.deploy_with("extend")
        before = account.configuration()
        account.refuse(("bedrock", "PUT /data-retention"))
        with pytest.raises(CdkError, match=BY_AN_SCP):
            await account.deploy_with("replace", data_retention="none")
        account.refuse()

        assert ("Custom::BedrockInvocationLogging", "UPDATE_COMPLETE") in account.events()
        assert account.configuration() == before
        assert account.saved() == existing
        await account.destroy()
        assert account.configuration() == existing

    in_account(use)


def test_logging_stays_on_where_a_later_stack_fails(in_account: InAccount) -> None:
    async def use(account: Account) -> None:
        account.refuse(("apigateway", "PATCH /account"))
        with pytest.raises(CdkError, match=BY_AN_SCP):
            await account.cdk.deploy(account.aws, _print)
        account.refuse()

        configuration = account.configuration()
        assert configuration is not None
        assert (
            configuration["cloudWatchConfig"]["logGroupName"]
            == "/claude-on-bedrock/local/invocations"
        )
        await account.cdk.deploy(account.aws, _print)
        assert account.configuration() == configuration

    in_account(use)


def test_a_first_deployment_outlasts_two_bad_days_and_leaves_nothing(
    in_account: InAccount,
) -> None:
    """IAM takes a minute for each change, and API Gateway throttles UpdateAccount because somebody
    else called it within the 20 seconds."""

    async def use(account: Account) -> None:
        competing = asyncio.create_task(asyncio.to_thread(account.update_account_meanwhile))
        await account.cdk.deploy(account.aws, _print)
        await competing
        log = (account.folder / "aws" / "ministack.log").read_text()
        assert "holds in 60.0 s" in log
        assert "UpdateAccount is throttled." in log
        assert (
            account.aws.client("apigateway").get_account()["cloudwatchRoleArn"].endswith(LOG_ROLE)
        )
        await account.cdk.destroy(account.aws, _print)

        assert account.stacks() == ["CDKToolkit"]
        assert account.left() == []
        assert account.configuration() is None
        outputs = await account.cdk.deploy(account.aws, _print)
        assert account.configuration() == json.loads(outputs[STACK]["LoggingConfiguration"])

    in_account(use, iam_delay="60")
