"""What entries and records lack is found through CloudTrail: `claude-bedrock verify` over a window
in which functions were killed, and calls went past the gateway."""

import json
import os
import signal
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from claude_bedrock.cli.shared.record_sources import records_of
from tests.integration.deployed.deployment import Deployment, message
from tests.integration.deployed.test_records import recorded
from tests.integration.deployed.test_verify import ROLE, go_round, log_event, now, verify

LONG_STREAM = "[[reply: events=100 pace=0.1]] secret-prompt"


def gateway_processes(deployment: Deployment) -> list[int]:
    """The gateway's processes that answer a call now: Lambda stops the others in between."""
    name = f"AWS_LAMBDA_FUNCTION_NAME={deployment.output('Gateway', 'FunctionName')}\0"
    running = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_text(errors="replace")
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if name in environment and str(deployment.state) in environment and state != "T":
            running.append(int(process.name))
    return running


def ask_and_kill(deployment: Deployment, prompt: str) -> str:
    """Send a call whose function is killed amid the answer; return the id of Bedrock's request."""
    connection = HTTPConnection(urlsplit(deployment.endpoint["http_url"]).netloc, timeout=60)
    path = urlsplit(deployment.endpoint["http_url"]).path
    headers = {"content-type": "application/json", "x-api-key": deployment.key}
    body = json.dumps({**message(prompt), "stream": True})
    try:
        connection.request("POST", f"{path}/v1/messages", body, headers)
        response = connection.getresponse()
        assert (response.status, response.read(20)[:5]) == (200, b"event")
        processes = gateway_processes(deployment)
        assert processes
        for process in processes:
            os.kill(process, signal.SIGKILL)
        with suppress(HTTPException, OSError):
            assert b"message_stop" not in response.read()
        request_id = response.headers["request-id"]
        assert request_id
        return request_id
    finally:
        connection.close()


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes are looked up in /proc")
def test_killed_functions_and_calls_without_a_record_are_found_through_cloudtrail(
    deployment: Deployment, tmp_path: Path
) -> None:
    since = now()
    time.sleep(1.1)  # an event's time is of whole seconds
    killed = ask_and_kill(deployment, LONG_STREAM)
    lost = ask_and_kill(deployment, f"[[fault: no_delivery]] {LONG_STREAM}")
    round_it = go_round(deployment)
    hidden = go_round(deployment, "[[fault: no_delivery]] secret-prompt")
    elsewhere = str(uuid.uuid4())
    identity = {"arn": f"arn:aws:sts::123456789012:assumed-role/{ROLE}/laptop"}
    call = {"requestId": elsewhere, "region": "eu-north-1", "identity": identity}
    log_event(deployment, call, datetime.now(UTC))
    for request_id in (killed, round_it):
        recorded(records_of(deployment.stage()), request_id)

    window = ("--since", since, "--settle-minutes", "0")
    shown = verify(deployment, *window, "--json", "--evidence", str(tmp_path))

    report = json.loads(shown.stdout)
    findings = {finding["request_id"]: finding for finding in report["findings"]}
    assert {request_id: finding["kind"] for request_id, finding in findings.items()} == {
        killed: "audit_entry_lost",
        lost: "lost_call",
        round_it: "bypassed_gateway",
        hidden: "unrecorded_call",
        elsewhere: "call_outside_stage",
    }
    assert (shown.returncode, report["verdict"], report["trail"]["events"]) == (1, "fail", 5)
    assert findings[lost]["who"].endswith("-caller/default")
    assert findings[hidden]["who"].endswith(f":assumed-role/{ROLE}/laptop")
    assert findings[killed]["detail"].endswith("with 200; CloudTrail has its event")
    assert findings[elsewhere]["detail"] == "1 call in eu-north-1, by InvokeModel"
