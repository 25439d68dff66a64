"""The command `python -m local.bedrock`: this Bedrock on its own, for one caller.

The caller signs with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of this process's environment.
With an AWS endpoint, records are delivered as the logging configuration there says.
"""

import argparse
import asyncio
import os
import signal

from local.bedrock import applications
from local.bedrock.app import App, Deliver, create_app
from local.bedrock.applications import Applications
from local.bedrock.caller import Caller
from local.bedrock.clients import connect
from local.bedrock.delivery import Delivery
from local.bedrock.invocation import Invocation
from local.bedrock.server import serve

ACCOUNT = "123456789012"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.bedrock", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION", "us-east-1"))
    parser.add_argument("--aws-endpoint-url", help="the AWS that holds the logging configuration")
    arguments = parser.parse_args()
    asyncio.run(_run(arguments.port, arguments.region, arguments.aws_endpoint_url))


async def _run(port: int, region: str, endpoint_url: str | None) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    if endpoint_url is None:
        await _serve(_app(region, _discard, applications.none), port, region, stop)
        return
    clients = connect(endpoint_url=endpoint_url, region=region)
    delivery = Delivery(clients, account=ACCOUNT, region=region)
    known = applications.of(clients.bedrock)
    await _serve(_app(region, delivery, known), port, region, stop)
    await delivery.drain()


def _app(region: str, deliver: Deliver, known: Applications) -> App:
    return create_app(
        region=region, callers=_caller_of_environment, deliver=deliver, applications=known
    )


async def _serve(app: App, port: int, region: str, stop: asyncio.Event) -> None:
    async with serve(app, port=port) as bound:
        print(f"bedrock-runtime for {region} on http://127.0.0.1:{bound}", flush=True)
        await stop.wait()


def _caller_of_environment(key_id: str) -> Caller | None:
    if key_id != os.environ.get("AWS_ACCESS_KEY_ID"):
        return None
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    token = os.environ.get("AWS_SESSION_TOKEN")
    return Caller(f"arn:aws:iam::{ACCOUNT}:user/local", secret, token)


async def _discard(invocation: Invocation) -> None:
    del invocation


if __name__ == "__main__":
    main()
