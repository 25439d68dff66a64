"""The commands of `claude-bedrock` against what is up."""

import json
import subprocess
import sys
from subprocess import CompletedProcess

from tests.integration.deployed.deployment import Deployment, eventually
from tests.integration.deployed.running import PROJECT

RUN = "from cli.main import app; app()"


def claude_bedrock(deployment: Deployment, *arguments: str) -> CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, *arguments, "--state", str(deployment.state)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_ask_prints_the_answer_and_show_finds_its_records(deployment: Deployment) -> None:
    asked = claude_bedrock(deployment, "ask", "Hello there")
    assert asked.returncode == 0, asked.stderr
    assert "Hello there" in asked.stdout
    request_id = asked.stderr.split()[-1]

    def look() -> CompletedProcess[str] | None:
        shown = claude_bedrock(deployment, "logs", "show", request_id, "--json")
        return shown if shown.returncode == 0 else None

    shown = json.loads(eventually(look).stdout)

    assert shown["cloudwatch"]["requestId"] == shown["s3"]["record"]["requestId"] == request_id
    assert shown["bodies"]["input"]["messages"][0]["content"] == "Hello there"
    human = claude_bedrock(deployment, "logs", "show", request_id)
    assert (human.returncode, request_id in human.stdout) == (0, True)


def test_what_is_not_on_record_is_a_failure(deployment: Deployment) -> None:
    shown = claude_bedrock(deployment, "logs", "show", "no-such-request")

    assert shown.returncode != 0
    assert "not in both destinations" in shown.stderr


def test_an_error_is_told_in_one_line(deployment: Deployment) -> None:
    asked = claude_bedrock(deployment, "ask", "Hi", "--model", "claude-1")

    assert asked.returncode != 0
    assert asked.stderr.startswith("claude-bedrock: 404 not_found_error")
    assert "Traceback" not in asked.stderr


def test_the_guard_is_told_as_it_is_deployed(deployment: Deployment) -> None:
    told = claude_bedrock(deployment, "access", "guard", "--as", "scp")
    assert told.returncode == 0, told.stderr
    assert len(told.stdout.strip()) <= 5120
    policy = json.loads(told.stdout)

    assert {each["Effect"] for each in policy["Statement"]} == {"Deny"}
    logging = [each for each in policy["Statement"] if each["Sid"] == "OnlyTheStageSetsLogging"]
    assert [each["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] for each in logging] == [
        "arn:aws:iam::123456789012:role/claude-on-bedrock-local-us-east-1-logging"
    ]
    boundary = claude_bedrock(deployment, "access", "guard", "--as", "boundary")
    assert "ClaudeByTheStagesRoutes" in boundary.stdout
