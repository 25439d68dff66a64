"""One run of local mode: its parts, the order in which they start, and their end."""

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from local.api_gateway import invocation
from local.api_gateway.admission import Admission
from local.api_gateway.app import LocalApiGateway
from local.api_gateway.buffered import invoker
from local.api_gateway.deployed import DeployedApi
from local.api_gateway.signature import Signatures
from local.aws import bedrock_service, canary_endpoint, model_access
from local.aws.authorization import Authorization
from local.aws.client import Aws
from local.aws.key_usage import KeyUsage
from local.aws.log_writer import LogWriter
from local.aws.role_sessions import RoleSessions
from local.aws.server import embedded_aws
from local.aws.sessions_file import SessionsFile
from local.bedrock import applications
from local.bedrock.app import create_app
from local.bedrock.delivery import Delivery
from local.bedrock.server import serve
from local.bedrock.trail_delivery import TrailDelivery
from local.lambda_service.service import LambdaService
from local.run.cdk_cli import Cdk, Outputs
from local.run.certificates import server_context
from local.run.endpoint import Endpoint, api_keys, gateway_outputs, url_of
from local.run.options import Options, role_boundary
from local.run.options import region as stage_region
from local.run.progress import Steps
from local.run.state import State

UPSTREAM = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
STS = "AWS_ENDPOINT_URL_STS"
DYNAMODB = "AWS_ENDPOINT_URL_DYNAMODB"
THREADS = 32


@asynccontextmanager
async def instance(options: Options, steps: Steps) -> AsyncIterator[Endpoint]:
    """Deploy to an AWS of its own and serve what is deployed, as long as the block lasts."""
    state = State(options.state)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="blocking"))
    async with AsyncExitStack() as stack:
        stack.enter_context(state.held())
        with steps.shown():
            aws = await _start_aws(stack, options, state, steps)
            cdk = Cdk(stage=options.stage, folder=state.folder, stages_file=options.stages_file)
            outputs = await _deploy(cdk, aws, steps)
            with steps.step("serve the deployed API"):
                endpoint = await _Services(stack, aws, outputs, options, state).start()
        state.write_endpoint(endpoint._asdict())
        yield endpoint


async def _start_aws(stack: AsyncExitStack, options: Options, state: State, steps: Steps) -> Aws:
    with steps.step("start the embedded AWS") as step:
        region = stage_region(options.stage, options.stages_file)
        starting = embedded_aws(
            region=region,
            port=options.aws_port,
            folder=state.aws,
            iam_delay=options.iam_delay,
            role_boundary=role_boundary(options.stage, options.stages_file),
        )
        aws = await stack.enter_async_context(starting)
        step.report(aws.url)
        return aws


async def _deploy(cdk: Cdk, aws: Aws, steps: Steps) -> Outputs:
    async with asyncio.TaskGroup() as ready:
        ready.create_task(_synth(cdk, steps))
        ready.create_task(_bootstrap(cdk, aws, steps))
        ready.create_task(asyncio.to_thread(model_access.grant_model_access, aws))
    with steps.step("cdk deploy --all") as step:
        outputs = await cdk.deploy(aws, step.report)
        step.report(f"{len(outputs)} stacks")
        return outputs


async def _synth(cdk: Cdk, steps: Steps) -> None:
    with steps.step("cdk synth") as step:
        await cdk.synth(step.report)


async def _bootstrap(cdk: Cdk, aws: Aws, steps: Steps) -> None:
    with steps.step("cdk bootstrap") as step:
        await cdk.bootstrap(aws, step.report)


class _Services:
    """Everything that runs in this process, each thing stopped when `stack` unwinds."""

    def __init__(
        self, stack: AsyncExitStack, aws: Aws, outputs: Outputs, options: Options, state: State
    ) -> None:
        self._stack = stack
        self._aws = aws
        self._outputs = outputs
        self._options = options
        self._state = state
        self._gateway = gateway_outputs(outputs, options.stage)
        self._authorization = Authorization(aws)
        self._certificate: Path | None = None

    async def start(self) -> Endpoint:
        logs = LogWriter(self._aws.client("logs"))
        self._stack.push_async_callback(logs.drain)
        sessions = RoleSessions(self._aws, SessionsFile(self._state.aws))
        bedrock_url = os.environ.get(UPSTREAM) or await self._bedrock(sessions)
        functions = self._functions(sessions, logs, bedrock_url)
        self._stack.push_async_callback(functions.stop)
        await functions.load(self._gateway["FunctionName"])
        port, https_port = await self._fronts(functions, logs, sessions)
        endpoint = self._endpoint(port, https_port, bedrock_url)
        if "CanaryName" in self._gateway:
            name = self._gateway["CanaryName"]
            await asyncio.to_thread(
                canary_endpoint.point_canary_at,
                self._aws,
                name,
                url=endpoint.url,
                ca_bundle=endpoint.ca_bundle,
            )
        return endpoint

    async def _bedrock(self, sessions: RoleSessions) -> str:
        region = self._aws.region
        clients = bedrock_service.connect(self._aws, self._authorization)
        delivery = Delivery(clients, account=self._aws.account, region=region)
        self._stack.push_async_callback(delivery.drain)
        trail = TrailDelivery(cloudtrail=self._aws.client("cloudtrail"), s3=clients.s3)
        self._stack.push_async_callback(trail.drain)
        app = create_app(
            region=region,
            callers=sessions.caller,
            deliver=delivery,
            applications=applications.of(self._aws.client("bedrock")),
            authorize=self._authorization.check_caller,
            trail=trail,
        )
        port = await self._stack.enter_async_context(serve(app))
        return f"http://127.0.0.1:{port}"

    def _functions(
        self, sessions: RoleSessions, logs: LogWriter, bedrock_url: str
    ) -> LambdaService:
        log = self._stack.enter_context(self._state.gateway_log.open("w", buffering=1))
        return LambdaService(
            self._aws.client("lambda"),
            sessions=sessions,
            logs=logs,
            folder=self._state.functions,
            extra={
                UPSTREAM: bedrock_url,
                STS: self._aws.url,
                DYNAMODB: self._aws.url,
            },
            echo=partial(print, file=log),
        )

    async def _fronts(
        self, functions: LambdaService, logs: LogWriter, sessions: RoleSessions
    ) -> tuple[int, int]:
        deployed = DeployedApi(
            self._aws, api_id=self._gateway["ApiId"], stage=self._gateway["ApiStage"]
        )
        invoke = invoker(self._aws.client("lambda"))
        front = LocalApiGateway(
            deployed,
            streaming=functions,
            invoke=invoke,
            logs=logs,
            admission=Admission(KeyUsage(self._state.aws).count),
            signatures=Signatures(sessions.caller, self._authorization.allow),
            client_disconnect=self._options.client_disconnect,
            may_invoke=invocation.policies(self._authorization),
        )
        api = await asyncio.to_thread(deployed.api)
        self._certificate = self._state.client_certificate if api.has_truststore else None
        tls = server_context(self._state.ca_bundle, self._certificate)
        http = serve(front, port=self._options.port)
        https = serve(front, port=self._options.https_port, tls=tls)
        return (
            await self._stack.enter_async_context(http),
            await self._stack.enter_async_context(https),
        )

    def _endpoint(self, port: int, https_port: int, bedrock_url: str) -> Endpoint:
        return Endpoint(
            url=url_of(f"https://localhost:{https_port}", self._gateway),
            http_url=url_of(f"http://localhost:{port}", self._gateway),
            ca_bundle=str(self._state.ca_bundle),
            api_keys=api_keys(self._aws, self._gateway),
            aws_endpoint_url=self._aws.url,
            bedrock_endpoint_url=bedrock_url,
            region=self._aws.region,
            account=self._aws.account,
            stage=self._options.stage,
            outputs=self._outputs,
            client_certificate=str(self._certificate) if self._certificate else None,
        )
