"""A native stream through the function as Lambda runs it: no byte of 2,000 frames is touched."""

import json
import os
import random
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from gateway import eventstream
from local.bedrock import frames
from tests.integration.runtime_api import RuntimeApi

LAMBDA = Path(__file__).parents[2] / "lambda"
MODEL = "claude-haiku-4-5"
EVENTS = 2000
METRICS = {"inputTokenCount": 7, "outputTokenCount": EVENTS}
STOP = {"type": "message_stop", "amazon-bedrock-invocationMetrics": METRICS}
BODY = '{"anthropic_version":"bedrock-2023-05-31","max_tokens":1,"messages":[]}'
REQUEST = {
    "httpMethod": "POST",
    "path": f"/model/{MODEL}/invoke-with-response-stream",
    "headers": {"content-type": "application/json"},
    "requestContext": {"requestId": "gw-1"},
    "body": BODY,
}


def stream(seed: int) -> tuple[bytes, list[bytes]]:
    """2,000 events of all sizes, and the pieces of them that the upstream sends, cut anywhere."""
    dice = random.Random(seed)  # noqa: S311 - the same stream for the same seed
    texts = ("é" * dice.choice((0, 1, 30, 3000)) for _ in range(EVENTS - 1))
    events = [json.dumps({"type": "ping", "n": n, "t": text}) for n, text in enumerate(texts)]
    complete = b"".join(frames.chunk(event.encode()) for event in [*events, json.dumps(STOP)])
    cuts = sorted({0, len(complete), *(dice.randrange(len(complete)) for _ in range(500))})
    return complete, [complete[begin:end] for begin, end in pairwise(cuts)]


@contextmanager
def upstream(pieces: list[bytes]) -> Iterator[str]:
    """A Bedrock that answers one request with these pieces, each a chunk of HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer, args=(listener, pieces), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)
        assert not thread.is_alive()


def _answer(listener: socket.socket, pieces: list[bytes]) -> None:
    connection, _ = listener.accept()
    with closing(connection):
        received = b""
        while not received.endswith(BODY.encode()):
            received += connection.recv(65_536)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
            b"x-amzn-requestid: bedrock-1\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for piece in pieces:
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")


def run(api: RuntimeApi, endpoint: str) -> str:
    """The gateway as Lambda starts it, until there is nothing more to do; what it logged."""
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{LAMBDA}:{LAMBDA.parent}:{sysconfig.get_path('purelib')}",
        "LAMBDA_TASK_ROOT": str(LAMBDA),
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "_HANDLER": "gateway.handler.handle",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": endpoint,
        "STAGE": "test",
        "GEOGRAPHIES": "global",
        "ALLOWED_MODELS": MODEL,
        "MAX_BODY_BYTES": "10000",
        "PING_SECONDS": "15",
        "UNSUPPORTED_FIELDS": "drop",
        "API_KEY_NAMES": "{}",
        "POWERTOOLS_SERVICE_NAME": "gateway",
        "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    }
    command = [str(LAMBDA / "gateway" / "bootstrap"), sys.executable, "/var/runtime/bootstrap.py"]
    return subprocess.run(
        command, env=variables, capture_output=True, text=True, timeout=30, check=False
    ).stdout


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_bytes_at_the_caller_are_the_bytes_that_bedrock_sent(seed: int) -> None:
    sent, pieces = stream(seed)
    with closing(RuntimeApi(REQUEST)) as api, upstream(pieces) as endpoint:
        log = run(api, endpoint)
        posted = api.next_post()
    head, _, received = posted.body.partition(b"\0" * 8)

    assert sha256(received).hexdigest() == sha256(sent).hexdigest()
    assert json.loads(head)["headers"]["content-type"] == "application/vnd.amazon.eventstream"
    assert len(eventstream.Decoder().feed(received)) == EVENTS
    (line,) = [json.loads(line)["audit"] for line in log.splitlines() if '"audit"' in line]
    assert (line["output_tokens"], line["response_bytes"]) == (EVENTS, len(sent))
