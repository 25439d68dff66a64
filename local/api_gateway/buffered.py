"""Buffered responses of a function, by Lambda's Invoke."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.api_gateway.authorizer import Invoke, Invoked
from local.api_gateway.prelude import Head, MalformedAnswerError, head_of
from local.aws.client import Client


def invoker(client: Client) -> Invoke:
    """Invoke through the AWS that `client` (of Lambda) talks to. A function that Lambda throttles
    or does not have fails, as one that raises."""

    async def invoke(function: str, event: Mapping[str, Any]) -> Invoked:
        try:
            answer = await asyncio.to_thread(
                client.invoke, FunctionName=function, Payload=json.dumps(event).encode()
            )
        except ClientError as refused:
            return Invoked(json.dumps({"errorMessage": str(refused)}).encode(), failed=True)
        return Invoked(answer["Payload"].read(), "FunctionError" in answer)

    return invoke


def answer(payload: bytes) -> tuple[Head, bytes]:
    """Head and body of a Lambda proxy answer. Raises MalformedAnswerError."""
    head = head_of(payload)
    response = json.loads(payload)
    if "statusCode" not in response:
        raise MalformedAnswerError("there is no statusCode")
    body = response.get("body") or ""
    return head, base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()
