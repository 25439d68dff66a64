"""What a program without a gateway pays: boto3, called as told on standard input.

`python -m benchmarks.boto3_caller` reads lines `json 50` or `stream 5` and answers `done` to each.
The endpoint comes from AWS_ENDPOINT_URL_BEDROCK_RUNTIME, as for any program that uses boto3.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import boto3

from benchmarks import fixtures

_IN_THE_URL = ("model", "stream")


class _Client(Protocol):
    def invoke_model(self, *, modelId: str, body: bytes) -> dict[str, Any]: ...  # noqa: N803
    def invoke_model_with_response_stream(
        self,
        *,
        modelId: str,  # noqa: N803
        body: bytes,
    ) -> dict[str, Any]: ...


def _calls(client: _Client) -> dict[str, Callable[[], None]]:
    def invoke() -> None:
        answer = client.invoke_model(modelId=fixtures.PROFILE, body=body)
        assert answer["body"].read() == expected

    def invoke_with_stream() -> None:
        """Each chunk's bytes are passed on as they are, to where they cost next to nothing."""
        answer = client.invoke_model_with_response_stream(modelId=fixtures.PROFILE, body=body)
        with Path(os.devnull).open("wb") as sink:
            written = [sink.write(event["chunk"]["bytes"]) for event in answer["body"]]
        assert len(written) == fixtures.EVENTS

    body, expected = _body(), fixtures.json_call().reply
    return {"json": invoke, "stream": invoke_with_stream}


def _body() -> bytes:
    content = json.loads(fixtures.json_call().request)
    fields = {name: value for name, value in content.items() if name not in _IN_THE_URL}
    return json.dumps({"anthropic_version": "bedrock-2023-05-31", **fields}).encode()


def main() -> None:
    calls = _calls(boto3.client("bedrock-runtime"))
    for line in sys.stdin:
        name, times = line.split()
        for _ in range(int(times)):
            calls[name]()
        print("done", flush=True)


if __name__ == "__main__":
    main()
