"""docs/local-bedrock.md names every directive and metric, and its command runs as printed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from local.bedrock import delivery, directives
from local.bedrock.app import operations
from tests.unit.local_bedrock.conftest import SONNET, body_of

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "local-bedrock.md").read_text(encoding="utf-8")


def test_the_page_lists_exactly_the_faults_there_are() -> None:
    assert set(re.findall(r"`\[\[fault: (\w+)", PAGE)) == set(directives.FAULTS)


def test_the_page_lists_exactly_the_operations_there_are() -> None:
    listed = re.findall(
        r"^\| `POST (?:/model/\{id\}|/anthropic/v1)/([a-z-]+)` \|", PAGE, re.MULTILINE
    )
    assert listed == list(operations("us-east-1"))


def test_the_page_lists_the_exception_types() -> None:
    listed = re.search(r"Types for `exception` \(.+?\):\n(.+?)\.\n", PAGE, re.DOTALL)
    assert listed is not None
    assert tuple(re.findall(r"`(\w+)`", listed[1])) == directives.STREAM_EXCEPTIONS


@pytest.mark.parametrize("metric", delivery.METRICS)
def test_the_page_names_each_failure_metric(metric: str) -> None:
    assert f"`{metric}Failure`" in PAGE


def test_every_directive_of_the_page_is_understood() -> None:
    printed = re.findall(r"^\| `(\[\[.+?\]\])`", PAGE, re.MULTILINE)
    assert len(printed) == len(directives.FAULTS) + 3
    assert directives.read(" ".join(printed)).text.strip() == ""


def test_the_command_serves_until_a_signal_stops_it() -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'lambda'}",
        "AWS_ACCESS_KEY_ID": "dev",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    command = [sys.executable, "-m", "local.bedrock", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            _call_and_stop(running)
        finally:
            running.kill()  # of one that has stopped, nothing


def _call_and_stop(running: subprocess.Popen[str]) -> None:
    assert running.stdout is not None
    line = running.stdout.readline()
    address = re.fullmatch(r"bedrock-runtime for us-east-1 on (http://127\.0\.0\.1:\d+)\n", line)
    assert address is not None
    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=address[1],
        region_name="us-east-1",
        aws_access_key_id="dev",
        aws_secret_access_key="secret",
    )
    answer = client.invoke_model(modelId=SONNET, body=body_of())
    answer["body"].read()
    client.close()
    running.send_signal(signal.SIGTERM)
    assert running.wait(10) == 0
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
