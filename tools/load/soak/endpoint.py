"""`python -m tools.load.soak.endpoint FOLDER BEDROCK_PORT SLOTS`: the local front and Lambda
service before the gateway's built folder, with an STS that opens callers' sessions and a table of
budgets; keeps the audit lines and the table's items in a folder until it is told to end."""

import asyncio
import json
import signal
import sys
import time
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from typing import Any, TextIO, cast

from benchmarks.environment import built
from claude_bedrock.budgets.budget import DEFAULT, TOKENS, USD, Budget, Rules, to_json
from claude_bedrock.budgets.budget import STAGE as STAGE_SUBJECT
from claude_bedrock.budgets.period import DAY, MONTH, WEEK
from local.api_gateway.app import App, LocalApiGateway
from local.api_gateway.authorizer import Invoke
from local.api_gateway.definition import (
    Api,
    GatewayResponse,
    Integration,
    Key,
    KeyRing,
    Method,
    Plan,
)
from local.aws.role_sessions import Credentials
from local.bedrock.http_exchange import Receive, Scope, Send
from local.bedrock.server import serve
from local.lambda_service.function import WRAPPER, Function
from local.lambda_service.service import LambdaService
from local.run.instance import UPSTREAM
from stacks.components.packaging.function_folder import MINOR
from tools.load.faults.scripted_service import Answer, ScriptedService
from tools.load.faults.sts import ScriptedSts
from tools.load.soak.bedrock import (
    ACCOUNT,
    CALLER_ROLE,
    GATEWAY_ROLE,
    KEY_ID,
    KEY_NAME,
    REGION,
    SECRET,
    TOKEN,
)
from tools.load.soak.fake_storage import FakeStorage
from tools.load.update_item import TableInMemory

KEY, STAGE = "a-key", "soak"
MODELS = ("claude-haiku-4-5", "claude-opus-5-5")
_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:gateway"
_ERROR_TYPE = GatewayResponse(None, {}, {"application/json": '"$context.error.responseType"'})
_REFUSALS = ("INVALID_API_KEY", "REQUEST_TOO_LARGE", "DEFAULT_4XX", "DEFAULT_5XX")


class Deployed:
    """One method for everything, for the one key: says it as `local.api_gateway.deployed` does."""

    def api(self) -> Api:
        gateway = Integration(_ARN, streams=True, timeout_seconds=900.0)
        return Api(
            id="soak",
            stage=STAGE,
            account=ACCOUNT,
            region=REGION,
            methods=(Method("ANY", "/{proxy+}", "r1", gateway, key_required=True),),
            responses=dict.fromkeys(_REFUSALS, _ERROR_TYPE),
            key_source="HEADER",
            access_log=None,
            traced=False,
            binary_types=(),
            variables={},
        )

    def keys(self) -> KeyRing:
        return KeyRing({KEY: Key("k1", KEY, enabled=True)}, {"k1": Plan("p", None, None)})


class BuiltFunction(LambdaService):
    """The folder that is deployed stands for its zip."""

    async def load(self, name: str) -> Function:
        return _function(name)


@cache
def _function(arn: str) -> Function:
    return Function(
        name="gateway",
        arn=arn,
        revision="1",
        runtime=f"python{MINOR}",
        handler="gateway.handler.handle",
        role_arn=GATEWAY_ROLE,
        timeout=900,
        memory=512,
        log_group="gateway",
        variables=_VARIABLES,
        root=built(),
        reserved=None,
    )


_MUCH = 10**15
_RULES = Rules(
    stage=(Budget(STAGE_SUBJECT, TOKENS, _MUCH, MONTH), Budget(STAGE_SUBJECT, USD, _MUCH, DAY)),
    callers={DEFAULT: (Budget("", USD, _MUCH, WEEK),)},
)
"""Budgets that nobody uses up."""
# What malloc keeps of a large body for the next one is no memory that the function holds.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "8192", "MALLOC_TRIM_THRESHOLD_": "0"}
_VARIABLES = {
    WRAPPER: "/var/task/gateway/bootstrap",
    "STAGE": STAGE,
    "GEOGRAPHIES": "global",
    "ALLOWED_MODELS": ",".join(MODELS),
    "MAX_BODY_BYTES": "5000000",
    "PING_SECONDS": "15",
    "UNSUPPORTED_FIELDS": "drop",
    "API_KEY_NAMES": json.dumps({"k1": KEY_NAME}),
    "CALLER_ROLE_ARN": CALLER_ROLE,
    "BUDGETS_TABLE": "budgets",
    "BUDGET_RULES": to_json(_RULES),
    "BUDGETS_FAIL": "closed",
    "POWERTOOLS_SERVICE_NAME": "gateway",
    "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


class Session:
    """What the function signs with."""

    def assume(self, _role_arn: str, _session_name: str) -> Credentials:
        return Credentials(KEY_ID, SECRET, TOKEN)


class ReadAuditAndAlarmLogs:
    """Keeps the lines of the function's log that are audit lines."""

    def __init__(self, to: TextIO) -> None:
        self._to = to

    def write(self, _group: str, _stream: str, text: str) -> None:
        if text.startswith("{") and '"audit":' in text:
            self._to.write(f"{time.time():.3f} {text}\n")


def _answer(table: TableInMemory, body: bytes) -> Answer:
    status, content = table.update(json.loads(body))
    table.requests.clear()
    return status, json.dumps(content)


def in_slots(front: App, slots: int) -> App:
    """`front` for so many requests at once, and with that for about as many processes; others
    wait."""
    free = asyncio.Semaphore(slots)

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async with free:
            await front(scope, receive, send)

    return wrapped


async def main(folder: Path, bedrock_port: str, slots: int) -> None:
    stop, storage = asyncio.Event(), FakeStorage(folder)
    table = TableInMemory()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with (
        storage.audit_lines.open("w", buffering=1) as lines,
        closing(ScriptedSts()) as sts,
        closing(ScriptedService(partial(_answer, table), keep_alive=True)) as dynamodb,
    ):
        service = BuiltFunction(
            None,
            sessions=cast("Any", Session()),
            logs=cast("Any", ReadAuditAndAlarmLogs(lines)),
            folder=folder,
            extra={
                UPSTREAM: f"http://127.0.0.1:{bedrock_port}",
                "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts.port}",
                "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{dynamodb.port}",
                **_MALLOC,
            },
            echo=lambda _line: None,
        )
        front = LocalApiGateway(
            cast("Any", Deployed()),
            streaming=service,
            invoke=cast("Invoke", None),
            logs=cast("Any", None),
        )
        async with serve(in_slots(front, slots)) as port:
            print(port, flush=True)
            await stop.wait()
        await service.stop()
    storage.items.write_text(json.dumps(table.items))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
