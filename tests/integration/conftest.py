"""The gateway in this process with a strict local Bedrock behind it, over its own connection."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stdout
from typing import NamedTuple

import pytest

from claude_bedrock.catalog import MODELS
from gateway import handler, request
from gateway.request_context import RequestContext
from gateway.retries import RetryBudget
from gateway.settings import Settings, load
from gateway.signing import Signer
from gateway.upstream import Upstream
from tests.unit.gateway.fakes import SentResponse

KEYS = {"AWS_ACCESS_KEY_ID": "dev", "AWS_SECRET_ACCESS_KEY": "secret"}
SECONDS = 15.0  # the gateway's for one call: past them it answers 504, so that nothing hangs


class Gateway(NamedTuple):
    """Takes what API Gateway would hand it; all models are allowed."""

    settings: Settings
    upstream: Upstream
    retry_budget: RetryBudget

    def post(
        self, body: str, path: str = "/v1/messages", headers: Mapping[str, str] | None = None
    ) -> SentResponse:
        event = {
            "httpMethod": "POST",
            "path": path,
            "headers": {"content-type": "application/json", **(headers or {})},
            "requestContext": {"requestId": "gw-1"},
            "body": body,
        }
        response = SentResponse()
        with redirect_stdout(io.StringIO()):
            handler.serve(
                RequestContext(
                    request.from_event(event),
                    response,
                    self.settings,
                    self.upstream,
                    self.retry_budget,
                    remaining=SECONDS,
                )
            )
        return response

    def on_routes(self, *routes: str) -> "Gateway":
        return self._replace(settings=self.settings._replace(geographies=routes))


@contextmanager
def gateway_in(region: str) -> Iterator[Gateway]:
    """A gateway of that Region, and its Bedrock."""
    settings = load(
        {
            "AWS_REGION": region,
            "STAGE": "strict-bedrock",
            "GEOGRAPHIES": "global",
            "ALLOWED_MODELS": ",".join(model.name for model in MODELS),
            "MAX_BODY_BYTES": "1000000",
            "PING_SECONDS": "15",
            "UNSUPPORTED_FIELDS": "drop",
            "API_KEY_NAMES": "{}",
        }
    )
    command = [sys.executable, "-m", "local.bedrock", "--port", "0"]
    environment = {**os.environ, **KEYS, "AWS_REGION": region, "PYTHONPATH": "lambda"}
    with (
        pytest.MonkeyPatch.context() as patch,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process,
    ):
        patch.setenv("POWERTOOLS_SERVICE_NAME", "gateway")
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "ClaudeOnBedrock")
        assert process.stdout is not None
        endpoint = process.stdout.readline().split()[-1]
        with closing(Upstream(endpoint, Signer(region, KEYS))) as upstream:
            yield Gateway(settings, upstream, RetryBudget())
        process.terminate()


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with gateway_in("us-east-1") as made:
        yield made
