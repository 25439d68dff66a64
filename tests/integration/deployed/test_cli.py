"""The commands of `claude-bedrock` against what is up."""

import json
import re
import signal
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from tests.integration.deployed.deployment import Deployment, eventually
from tests.integration.deployed.running import PROJECT
from tests.unit.local_bedrock.files import pdf

RUN = "from claude_bedrock.cli.main import app; app()"
PDF = pdf()


def command(deployment: Deployment, *arguments: str) -> list[str]:
    return [sys.executable, "-c", RUN, *arguments, "--local-dir", str(deployment.state)]


def claude_bedrock(
    deployment: Deployment, *arguments: str, stdin: str = ""
) -> CompletedProcess[str]:
    return subprocess.run(
        command(deployment, *arguments),
        cwd=PROJECT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def request_id(process: CompletedProcess[str]) -> str:
    match = re.match(r"request id (\S+),", process.stderr)
    assert match, process.stderr
    return match[1]


def recorded(deployment: Deployment, sent_as: str) -> dict[str, Any]:
    """Both records of a call and its bodies, as soon as they are there."""

    def show() -> CompletedProcess[str] | None:
        result = claude_bedrock(deployment, "logs", "show", sent_as, "--json")
        return result if result.returncode == 0 else None

    content: dict[str, Any] = json.loads(eventually(show).stdout)
    return content


def test_the_answer_is_printed_and_show_finds_its_records(deployment: Deployment) -> None:
    process = claude_bedrock(deployment, "ask", "Hello there")
    assert process.returncode == 0, process.stderr
    assert "Hello there" in process.stdout
    sent_as = request_id(process)

    result = recorded(deployment, sent_as)

    assert result["cloudwatch"]["requestId"] == result["s3"]["record"]["requestId"] == sent_as
    assert result["bodies"]["input"]["messages"][0]["content"] == "Hello there"
    human = claude_bedrock(deployment, "logs", "show", sent_as)
    assert (human.returncode, sent_as in human.stdout) == (0, True)


def test_the_cost_printed_is_that_of_the_tokens_on_record(deployment: Deployment) -> None:
    process = claude_bedrock(deployment, "ask", "Hello there", "--model", "claude-opus-5-5")

    record = recorded(deployment, request_id(process))["cloudwatch"]
    read, made = (record[side][f"{side}TokenCount"] for side in ("input", "output"))
    assert read and made
    assert process.stderr.strip().endswith(
        f"claude-opus-5-5 in geography global, {read} tokens in, {made} out, 0 from cache, "
        f"0 to cache, ${(read * 4 + made * 20) / 1e6:.6f}"
    )


def test_a_pdf_and_a_system_prompt_reach_the_model(deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "contract.pdf"
    file.write_bytes(PDF)

    arguments = ("--pdf", str(file), "--system", "You are short.", "--max-tokens", "300")
    process = claude_bedrock(deployment, "ask", "-", *arguments, stdin="What does it say?\n")

    assert process.returncode == 0, process.stderr
    body = recorded(deployment, request_id(process))["bodies"]["input"]
    document, text = body["messages"][0]["content"]
    assert (document["title"], b64decode(document["source"]["data"])) == ("contract.pdf", PDF)
    assert (text["text"], body["system"], body["max_tokens"]) == (
        "What does it say?\n",
        "You are short.",
        300,
    )


def test_a_pdf_beyond_the_stages_limit_is_refused_by_the_endpoint(
    deployment: Deployment, tmp_path: Path
) -> None:
    file = tmp_path / "long.pdf"
    file.write_bytes(PDF + b"%" * 4_000_000)

    process = claude_bedrock(deployment, "ask", "Hi", "--pdf", str(file))

    assert process.returncode == 1
    assert process.stderr.startswith("claude-bedrock: 413 request_too_large")
    assert len(process.stderr.splitlines()) == 1


def test_a_route_the_stage_allows_is_taken_and_another_refused(deployment: Deployment) -> None:
    allowed = claude_bedrock(deployment, "ask", "Hi", "--geography", "global")
    refused = claude_bedrock(deployment, "ask", "Hi", "--geography", "us")

    assert (allowed.returncode, " in geography global, " in allowed.stderr) == (0, True)
    assert refused.returncode == 1
    assert refused.stderr.startswith("claude-bedrock: 400 invalid_request_error")
    assert "not by us" in refused.stderr
    assert not refused.stdout


def test_an_interrupted_answer_ends_with_130_and_its_request_id(deployment: Deployment) -> None:
    prompt = "Hi [[reply: events=200 pace=0.1]]"
    with subprocess.Popen(
        command(deployment, "ask", prompt),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        printed = process.stderr.read()
        assert process.wait(30) == 130
    assert re.fullmatch(r"request id \S+, interrupted\n", printed)


def test_models_are_those_of_the_stage(deployment: Deployment) -> None:
    listed = claude_bedrock(deployment, "models", "--json")
    assert listed.returncode == 0, listed.stderr
    stages = json.loads((PROJECT / "cdk.json").read_text())["context"]["stages"]

    items = json.loads(listed.stdout)["items"]

    assert {model["name"] for model in items} == set(stages["local"]["models"]["allow"])
    assert {geography["geography"] for model in items for geography in model["geographies"]} == {
        "global"
    }
    table = claude_bedrock(deployment, "models", "--spellings")
    assert "global.anthropic.claude-sonnet-4-5-20250929-v1:0" in table.stdout.splitlines()


def test_the_catalog_and_the_embedded_aws_agree(deployment: Deployment) -> None:
    compared = claude_bedrock(deployment, "models", "sync")

    assert (compared.returncode, compared.stderr) == (0, "")
    assert re.search(r"[1-9]\d* models, [1-9]\d* profiles", compared.stdout)
    assert "The catalog says the same." in compared.stdout


def test_what_is_not_on_record_is_a_failure(deployment: Deployment) -> None:
    result = claude_bedrock(deployment, "logs", "show", "no-such-request")

    assert result.returncode != 0
    assert "is not in both CloudWatch Logs and S3" in result.stderr


def test_an_error_is_reported_in_one_line(deployment: Deployment) -> None:
    process = claude_bedrock(deployment, "ask", "Hi", "--model", "claude-1")

    assert process.returncode != 0
    assert process.stderr.startswith("claude-bedrock: 404 not_found_error")
    assert "Traceback" not in process.stderr


def test_the_deny_policy_is_printed_as_it_is_deployed(deployment: Deployment) -> None:
    process = claude_bedrock(deployment, "policy", "print", "--format", "scp")
    assert process.returncode == 0, process.stderr
    assert len(process.stdout.strip()) <= 5120
    policy = json.loads(process.stdout)

    assert {statement["Effect"] for statement in policy["Statement"]} == {"Deny"}
    logging = [
        statement for statement in policy["Statement"] if statement["Sid"] == "DenyLoggingChanges"
    ]
    assert [
        statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] for statement in logging
    ] == ["arn:aws:iam::123456789012:role/claude-on-bedrock-local-us-east-1-logging"]
    boundary = claude_bedrock(deployment, "policy", "print", "--format", "boundary")
    assert "InvokeClaudeByProfile" in boundary.stdout
