"""The command `python -m local.bedrock`: this Bedrock on its own, for one caller."""

import argparse
import asyncio
import os
import signal

from local.bedrock.app import create_app
from local.bedrock.caller import Caller
from local.bedrock.invocation import Invocation
from local.bedrock.server import serve

ARN = "arn:aws:iam::123456789012:user/local"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.bedrock", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION", "us-east-1"))
    given = parser.parse_args()
    asyncio.run(_run(given.port, given.region))


async def _run(port: int, region: str) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    app = create_app(region=region, callers=_caller_of_environment, deliver=_keep_nothing)
    async with serve(app, port=port) as bound:
        print(f"bedrock-runtime for {region} on http://127.0.0.1:{bound}", flush=True)
        await stop.wait()


def _caller_of_environment(key_id: str) -> Caller | None:
    if key_id != os.environ.get("AWS_ACCESS_KEY_ID"):
        return None
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    return Caller(ARN, secret, os.environ.get("AWS_SESSION_TOKEN"))


async def _keep_nothing(invocation: Invocation) -> None:
    del invocation


if __name__ == "__main__":
    main()
