"""`claude-bedrock smoke` against what is up: every check that means something here passes."""

import json
import subprocess
import sys
from typing import Any

import pytest

from claude_bedrock.cli.smoke.check import EMBEDDED
from claude_bedrock.cli.smoke.runner import CHECKS
from tests.integration.deployed.deployment import Deployment
from tests.integration.deployed.running import PROJECT
from tests.integration.deployed.test_cli import RUN


@pytest.fixture(scope="module")
def report(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run's report, as it is written."""
    out = tmp_path_factory.mktemp("smoke")
    options = ["--json", "--wait", "1", "--out", str(out), "--local-dir", str(deployment.state)]
    key = deployment.endpoint["api_keys"]["second"]
    done = subprocess.run(
        [sys.executable, "-c", RUN, "smoke", "--key", key, *options],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "for at most $0." in done.stderr
    (written,) = out.glob("smoke-*.json")
    (page,) = out.glob("smoke-*.md")
    assert json.loads(done.stdout) == json.loads(written.read_text())
    for secret in (key, deployment.endpoint["account"], deployment.endpoint["url"], "arn:"):
        assert secret not in written.read_text() + page.read_text() + done.stderr
    report: dict[str, Any] = json.loads(written.read_text())
    return report


def test_every_check_passes_or_states_that_this_is_not_aws(report: dict[str, Any]) -> None:
    due = [check for check in CHECKS if not check.output]
    checks = [check for check in due if check.upstream in ("", "invoke")]
    assert [check["name"] for check in report["checks"]] == [check.name for check in checks]
    verdicts = {check["name"]: (check["verdict"], check["finding"]) for check in report["checks"]}
    for check in checks:
        verdict, text = verdicts[check.name]
        passes = check.is_local and not (check.name == "throttle" and "None of 220" in text)
        assert verdict == ("pass" if passes else "not assessed"), text
        assert (text == EMBEDDED) is not check.is_local


def test_what_is_measured_is_in_the_report(report: dict[str, Any]) -> None:
    measured = {check["name"]: check["measured"] for check in report["checks"]}
    pacing = measured["stream pacing"]
    assert pacing["first_event_seconds"] < pacing["last_event_seconds"]
    assert measured["model id"] == {"form": "inference profile id", "operation": "InvokeModel"}
    assert measured["record in S3"]["seconds"] >= 0
    assert measured["throttle"]["sent"] == 220
    assert report["aws"] == "embedded"
