"""A served local Bedrock with a fixed clock for the year, and clients that sign for it."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import boto3
import pytest
from botocore.config import Config

from local.aws.authorization import AuthorizationError, Request
from local.bedrock.app import create_app
from local.bedrock.caller import Caller
from local.bedrock.invocation import Invocation
from local.bedrock.log_destinations import Client
from local.bedrock.server import serve

REGION = "us-east-1"
ARN = "arn:aws:sts::123456789012:assumed-role/gateway/session"
CALLERS = {
    "AKIALONGTERM": Caller("arn:aws:iam::123456789012:user/dev", "longsecret"),
    "ASIASHORTTERM": Caller(ARN, "shortsecret", "token"),
    "AKIADENIED": Caller("arn:aws:iam::123456789012:user/denied", "othersecret"),
}
TEAMS_SONNET = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
BEHIND = {
    TEAMS_SONNET: [
        "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"
    ]
}
SONNET = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"


DENIED = "User: arn:aws:iam::123456789012:user/denied is not authorized"


def authorize(caller: Caller, _requests: Sequence[Request]) -> None:
    """IAM refuses one of the callers everything."""
    if caller == CALLERS["AKIADENIED"]:
        raise AuthorizationError("AccessDeniedException", DENIED)


def body_of(text: str = "hello", **fields: object) -> str:
    """A smallest request that asks `text`, with `fields` over it; None takes a field out."""
    fields_with_defaults = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": text}],
        **fields,
    }
    return json.dumps(
        {name: value for name, value in fields_with_defaults.items() if value is not None}
    )


@dataclass
class Served:
    """The address, and every invocation handed to the log so far."""

    url: str
    delivered: list[Invocation] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def invocation(self, request_id: str) -> Invocation:
        """The invocation of a request; it is handed over just after the answer has been sent."""

        def arrived() -> Invocation | None:
            return next((i for i in self.delivered if i.request_id == request_id), None)

        with self.arrived:
            invocation = self.arrived.wait_for(arrived, timeout=10)
        assert invocation is not None
        return invocation


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    ready, result = threading.Event(), Served("")

    async def deliver(invocation: Invocation) -> None:
        with result.arrived:
            result.delivered.append(invocation)
            result.arrived.notify_all()

    async def run() -> None:
        app = create_app(
            region=REGION,
            callers=CALLERS.get,
            deliver=deliver,
            applications=lambda arn: BEHIND.get(arn, ()),
            authorize=authorize,
        )
        async with serve(app, grace_seconds=0.1) as port:
            result.url = f"http://127.0.0.1:{port}"
            ready.set()
            await stop.wait()

    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(10)
    yield result
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.fixture
def client_for(served: Served) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(key_id: str = "ASIASHORTTERM", **changed: str) -> Client:
        caller = CALLERS.get(key_id, CALLERS["AKIALONGTERM"])
        settings = {
            "region_name": REGION,
            "aws_access_key_id": key_id,
            "aws_secret_access_key": caller.secret_access_key,
            "aws_session_token": caller.session_token,
            **changed,
        }
        config = Config(retries={"total_max_attempts": 1}, read_timeout=20)
        made.append(
            boto3.client("bedrock-runtime", endpoint_url=served.url, config=config, **settings)  # type: ignore[call-overload]
        )
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def bedrock(client_for: Callable[..., Client]) -> Client:
    return client_for()
