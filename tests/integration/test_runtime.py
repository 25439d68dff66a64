"""Our Lambda runtime loop, started as Lambda starts it, against a Runtime API."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.runtime_api import CLOSE_MARKER, STUCK_MARKER, Posted, RuntimeApi

GATEWAY = Path(__file__).parents[2] / "lambda" / "gateway"
HANDLER = """
import gc, os, time

def initialize():
    if "FAIL_INIT" in os.environ:
        raise ValueError("secret-init")

def handle(event, context, response):
    if event["do"] == "raise":
        raise KeyError("secret-text")
    if event["do"] == "nothing":
        return
    told = {"x-trace": os.environ["_X_AMZN_TRACE_ID"], "x-id": context.request_id}
    response.start(201, {**told, "x-resolver": os.environ["RES_OPTIONS"]})
    for part in event["parts"]:
        response.write(part.encode())
    if event["do"] == "tell of garbage":
        response.write(str(gc.isenabled()).encode())
    if event["do"] in ("answer whole", "raise at last"):
        response.write_last(b"!")
    if event["do"] == "raise at last":
        raise KeyError("secret-text")
    while event["do"] == "wait":
        time.sleep(0.01)
        response.check_client()
    if event["do"] == "raise late":
        raise KeyError("secret-text")
"""


class Function:
    """The runtime loop in a process of its own, with `HANDLER` as its code."""

    def __init__(self, root: Path, api: RuntimeApi, **environment: str) -> None:
        (root / "sample.py").write_text(HANDLER)
        (root / "gateway").symlink_to(GATEWAY)
        variables = {
            "PATH": os.environ["PATH"],
            "LAMBDA_TASK_ROOT": str(root),
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "_HANDLER": "sample.handle",
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        }
        self._process = subprocess.Popen(
            [str(GATEWAY / "bootstrap"), sys.executable, "/var/runtime/bootstrap.py"],
            env=variables,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self) -> str:
        """Waits for its end and gives what it wrote to standard error."""
        _, text = self._process.communicate(timeout=10)
        assert self._process.returncode != 0
        return text


@pytest.fixture
def apis() -> Iterator[list[RuntimeApi]]:
    started: list[RuntimeApi] = []
    yield started
    for api in started:
        api.close()


def _run(
    root: Path, apis: list[RuntimeApi], *events: dict[str, Any], **environment: str
) -> tuple[list[Posted], str]:
    """What the loop posted for these events until there were no more, and its standard error."""
    api = RuntimeApi(*events)
    apis.append(api)
    text = Function(root, api, **environment).ended()
    return [api.next_post() for _ in range(api.posted.qsize())], text


def _prelude(posted: Posted) -> tuple[dict[str, Any], bytes]:
    prelude, _, body = posted.body.partition(b"\0" * 8)
    return json.loads(prelude), body


def test_responses_are_streamed_with_their_prelude_one_after_the_other(
    tmp_path: Path, apis: list[RuntimeApi]
) -> None:
    event = {"do": "answer", "parts": ["hello ", "world"]}
    posted, _ = _run(tmp_path, apis, event, {"do": "answer", "parts": []})
    assert [post.path.split("/")[-2:] for post in posted] == [
        ["invocation-0", "response"],
        ["invocation-1", "response"],
    ]
    first = posted[0]
    assert first.headers["lambda-runtime-function-response-mode"] == "streaming"
    assert first.headers["transfer-encoding"] == "chunked"
    assert first.headers["content-type"] == "application/vnd.awslambda.http-integration-response"
    headers = {"x-id": "invocation-0", "x-resolver": "timeout:2 attempts:2"}
    sampled, unsampled = {**headers, "x-trace": "Root=1-0;Sampled=1"}, {**headers, "x-trace": ""}
    assert _prelude(first) == ({"statusCode": 201, "headers": sampled}, b"hello world")
    assert first.trailers == {}
    second = {"statusCode": 201, "headers": {**unsampled, "x-id": "invocation-1"}}
    assert _prelude(posted[1]) == (second, b"")


def test_a_response_declared_complete_has_ended_whatever_follows(
    tmp_path: Path, apis: list[RuntimeApi]
) -> None:
    complete = {"do": "answer whole", "parts": []}
    posted, text = _run(tmp_path, apis, complete, {"do": "raise at last", "parts": ["a"]}, complete)
    assert [_prelude(post)[1] for post in posted] == [b"!", b"a!", b"!"]
    assert [post.trailers for post in posted] == [{}] * 3
    assert text.count('"invocation failed"') == 1


def test_garbage_is_collected_from_the_second_invocation_on(
    tmp_path: Path, apis: list[RuntimeApi]
) -> None:
    event = {"do": "tell of garbage", "parts": []}
    posted, _ = _run(tmp_path, apis, event, event, event)
    assert [_prelude(post)[1] for post in posted] == [b"False", b"True", b"True"]


@pytest.mark.parametrize("do", ["raise", "nothing"])
def test_a_failure_before_the_first_byte_is_lambdas_error(
    tmp_path: Path, apis: list[RuntimeApi], do: str
) -> None:
    posted, text = _run(tmp_path, apis, {"do": do}, {"do": "answer", "parts": ["next"]})
    assert posted[0].path.endswith("/invocation-0/error")
    assert posted[0].headers["lambda-runtime-function-error-type"].startswith("Runtime.")
    assert b"secret" not in posted[0].body
    assert "secret" not in text
    assert _prelude(posted[1])[1] == b"next", "the loop did not go on"


def test_a_failure_after_the_first_byte_is_reported_in_the_trailers(
    tmp_path: Path, apis: list[RuntimeApi]
) -> None:
    posted, text = _run(tmp_path, apis, {"do": "raise late", "parts": ["part"]})
    assert _prelude(posted[0])[1] == b"part"
    trailers = posted[0].trailers
    assert trailers["lambda-runtime-function-error-type"] == "Runtime.KeyError"
    error = json.loads(base64.b64decode(trailers["lambda-runtime-function-error-body"]))
    assert error["errorType"] == "KeyError"
    assert json.loads(text.splitlines()[0])["error"] == "KeyError"
    assert "secret" not in text


def test_a_caller_who_leaves_costs_one_line_and_the_loop_goes_on(
    tmp_path: Path, apis: list[RuntimeApi]
) -> None:
    parts = [CLOSE_MARKER.decode(), *["x" * 100_000] * 50]
    disconnected = {"do": "answer", "parts": parts}
    posted, text = _run(tmp_path, apis, disconnected, {"do": "answer", "parts": ["next"]})
    assert [_prelude(post)[1] for post in posted] == [b"next"]
    lines = [line for line in text.splitlines() if line.startswith("{")]
    assert [json.loads(line)["error"] for line in lines] == ["ClientDisconnected"]


def test_a_handler_without_output_learns_that_the_response_has_ended(
    tmp_path: Path, apis: list[RuntimeApi]
) -> None:
    waits = {"do": "wait", "parts": [CLOSE_MARKER.decode()]}
    posted, text = _run(tmp_path, apis, waits, {"do": "answer", "parts": ["next"]})
    assert [_prelude(post)[1] for post in posted] == [b"next"]
    lines = [line for line in text.splitlines() if line.startswith("{")]
    assert [json.loads(line)["error"] for line in lines] == ["ClientDisconnected"]


def test_a_caller_who_reads_nothing_holds_no_handler_past_its_time(
    tmp_path: Path, apis: list[RuntimeApi]
) -> None:
    stuck = {"do": "answer", "parts": [STUCK_MARKER.decode(), *["x" * 1_000_000] * 20]}
    api = RuntimeApi(stuck, {"do": "answer", "parts": ["next"]}, seconds=2)
    apis.append(api)
    text = Function(tmp_path, api).ended()
    assert _prelude(api.next_post())[1] == b"next"
    assert json.loads(text.splitlines()[0])["error"] == "ClientDisconnected"


def test_a_handler_that_cannot_start_is_reported_as_such(
    tmp_path: Path, apis: list[RuntimeApi]
) -> None:
    posted, _ = _run(tmp_path, apis, {"do": "answer", "parts": []}, FAIL_INIT="1")
    assert [post.path.rpartition("/runtime")[2] for post in posted] == ["/init/error"]
    assert json.loads(posted[0].body)["errorType"] == "ValueError"
