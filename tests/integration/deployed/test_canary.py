"""The deployed canary finds its calls again, and says at which step one is lost."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from canary import handler
from canary.handler import Work
from canary.questions import question
from claude_bedrock.cli.shared.record_sources import audit_lines_of, records_of
from claude_bedrock.records.read_digest import Fingerprint
from tests.integration.deployed.deployment import MODEL, Deployment
from tests.integration.deployed.test_records import both, recorded


def runs(deployment: Deployment) -> Any:  # noqa: ANN401 - JSON
    """What the deployed function answers."""
    name = deployment.output("Gateway", "CanaryName")
    answer = deployment.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    body = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, body
    return body


def as_deployed(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, credentials: Mapping[str, str]
) -> Work:
    """What the function would work with, in this process and with these credentials."""
    name = deployment.output("Gateway", "CanaryName")
    configuration = deployment.client("lambda").get_function_configuration(FunctionName=name)
    environment = {
        **configuration["Environment"]["Variables"],
        "AWS_REGION": deployment.endpoint["region"],
        "AWS_DEFAULT_REGION": deployment.endpoint["region"],
        "AWS_ENDPOINT_URL": deployment.endpoint["aws_endpoint_url"],
        **credentials,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return handler.read(environment, deployment.endpoint["account"])


def test_both_calls_have_records_and_the_larger_as_objects(deployment: Deployment) -> None:
    began = datetime.now(UTC)

    assert runs(deployment) == {"failures": []}

    lines = audit_lines_of(deployment.stage(), began, datetime.now(UTC), Fingerprint())
    every = [item.content for item in lines if item.content is not None]
    calls = [line for line in every if line.get("api_key_name") == "canary"]
    assert [line["status"] for line in calls] == [200, 200]
    large = max(calls, key=lambda line: line["request_bytes"])
    assert large["request_bytes"] > 150_000
    for record in both(recorded(records_of(deployment.stage()), large["bedrock_request_id"])):
        assert record["input"]["inputBodyS3Path"].startswith("s3://")


def test_a_call_without_a_record_is_a_failure_in_each_destination(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    work = as_deployed(deployment, monkeypatch, keys)
    lost = question("large", MODEL, "[[fault: no_delivery]] secret-prompt")
    small = question("small", MODEL, "Good day")

    failures = handler.run(work, [lost, small], pauses=(0.5, 1.0, 1.5))

    assert {(failure.size, failure.step, failure.why) for failure in failures} == {
        ("large", "CloudWatch Logs", "no record"),
        ("large", "S3", "no record"),
    }
    assert "secret-prompt" not in str(failures)
