"""`python -m tools.load.soak.bedrock FOLDER`: the local Bedrock, which keeps its records and its
own count of requests in a folder until it is told to end."""

import asyncio
import signal
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TextIO

from local.bedrock.app import App, create_app
from local.bedrock.caller import Caller
from local.bedrock.delivery import Delivery
from local.bedrock.http_exchange import Receive, Scope, Send
from local.bedrock.server import serve
from tools.load.faults.sts import KEYS
from tools.load.soak.fake_storage import Account, FakeStorage

ACCOUNT = "123456789012"
REGION = "us-east-1"
KEY_ID, SECRET, TOKEN = "ASIASOAK", "secret", "token"
KEY_NAME = "soak"
GATEWAY_ROLE = f"arn:aws:iam::{ACCOUNT}:role/gateway"
CALLER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/caller"
IN_SESSION = Caller(
    f"arn:aws:sts::{ACCOUNT}:assumed-role/caller/{KEY_NAME}",
    KEYS["AWS_SECRET_ACCESS_KEY"],
    KEYS["AWS_SESSION_TOKEN"],
)
"""Of the session that STS opens here; the function's own role may call nothing."""


def counted(app: App, to: TextIO) -> App:
    """`app`, with a line for each request: the id that it was answered by."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        request_id = ""

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal request_id
            names = dict(message.get("headers", ()))
            request_id = names.get(b"x-amzn-requestid", request_id.encode()).decode()
            await send(message)

        try:
            await app(scope, receive, noting)
        finally:
            to.write(f"{request_id}\n")

    return wrapped


async def main(folder: Path) -> None:
    stop, storage = asyncio.Event(), FakeStorage(folder)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    delivery = Delivery(Account(storage).clients(), account=ACCOUNT, region=REGION)
    app = create_app(
        region=REGION, callers={KEYS["AWS_ACCESS_KEY_ID"]: IN_SESSION}.get, deliver=delivery
    )
    with storage.requests.open("w", buffering=1) as count:
        async with serve(counted(app, count)) as port:
            print(port, flush=True)
            await stop.wait()
        await delivery.drain()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
