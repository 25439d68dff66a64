"""The page of costs has a row for each type of resource, and counts what the code and the templates
have."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.infrastructure.rendering import watched_metrics
from tests.infrastructure.variants import FUNCTION_NETWORK
from tools.docs.pages import codes, read
from tools.synthesis import ROOT, Synthesis, synthesize

ALARM, METRIC = 0.10, 0.30
"""US dollars a month: https://aws.amazon.com/cloudwatch/pricing/"""
FREE = 10
_NAME = re.compile(r"[A-Z][a-z]+(?:[A-Z0-9][a-z]+)+")
_OF_CLOUDWATCH = {"Count", "Milliseconds", "Unit", "Value"}


def page() -> str:
    """The section with its own sections."""
    return read("docs/deploy.md").partition("\n## What it costs\n")[2].partition("\n## ")[0]


def strings(path: Path, pattern: re.Pattern[str]) -> set[str]:
    return {
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and pattern.fullmatch(node.value)
    }


def of_gateway() -> set[str]:
    words = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]+)*")
    return strings(ROOT / "lambda/gateway/observability.py", words) - _OF_CLOUDWATCH


def verify_due_hours(*packages: str) -> set[str]:
    """The metrics of functions that count by `metrics.emf`."""
    modules = [path for name in packages for path in (ROOT / "lambda" / name).rglob("*.py")]
    counting = [path for path in modules if "from metrics.emf import" in path.read_text()]
    assert counting
    return {name for path in counting for name in strings(path, _NAME)}


def test_each_type_of_resource_has_its_row(any_stage: Synthesis) -> None:
    used = {resource.type for resource in any_stage.everything()} - {"AWS::CDK::Metadata"}
    assert used - set(codes(page())) == set()


def test_what_a_stage_may_add_has_its_row(tmp_path: Path) -> None:
    made = synthesize(
        "dev",
        tmp_path,
        record_access_log="data_events",
        auth="iam",
        quota=None,
        alarm_email="ops@example.com",
        api_log_role="leave",
        network={"functions": FUNCTION_NETWORK},
    )
    used = {resource.type for resource in made.everything()} - {"AWS::CDK::Metadata"}
    assert {"AWS::CloudTrail::Trail", "AWS::EC2::VPCEndpoint", "AWS::SNS::Subscription"} <= used
    assert used - set(codes(page())) == set()


def test_the_metrics_are_counted() -> None:
    """A new metric costs: change the numbers on the page, and the sum below its first table."""
    idle = verify_due_hours("drift_detector", "verification")
    canary = verify_due_hours("canary")
    all_ = of_gateway() | idle | canary
    assert {"Requests", "DriftDetectorRuns", "VerifiedHours", "CanaryRuns"} <= all_
    assert f"{len(all_)} in all, {len(of_gateway())} of them the gateway's" in page()
    least, most = (len(idle) - FREE) * METRIC, len(idle) * METRIC
    row = f"| {len(idle)} metrics that are written without traffic | {least:.2f} to {most:.2f} |"
    assert row in page()
    assert len(canary) == 2


def test_the_alarms_are_counted(local: Synthesis, dev: Synthesis, prod: Synthesis) -> None:
    """Each metric of an alarm has its price: https://aws.amazon.com/cloudwatch/pricing/"""
    alarms = sorted(
        (
            synthesis.resources("Observability", "AWS::CloudWatch::Alarm")
            for synthesis in (local, dev, prod)
        ),
        key=len,
    )
    metrics = [sum(len(watched_metrics(alarm.properties)) for alarm in of) for of in alarms]
    least, most = (metrics[0] - FREE) * ALARM, metrics[-1] * ALARM
    row = f"| {len(alarms[0])} to {len(alarms[-1])} alarms | {least:.2f} to {most:.2f} |"
    assert row in page()


def test_the_idle_sum_is_that_of_its_rows() -> None:
    idle = page().partition("### With traffic")[0]
    sums = re.findall(r"^\| [^|]+\| ([0-9.]+)(?: to ([0-9.]+))? \|", idle, re.MULTILINE)
    assert len(sums) == 4
    least = sum(float(low) for low, _ in sums)
    most = sum(float(high or low) for low, high in sums)
    assert f"Idle, that is {least:.0f} to {most + METRIC * 2:.0f} dollars a month." in page()


def test_no_detailed_metrics_are_on(any_stage: Synthesis) -> None:
    stage = any_stage.only("Gateway", "AWS::ApiGateway::Stage")
    on = [
        setting for setting in stage.properties["MethodSettings"] if setting.get("MetricsEnabled")
    ]
    assert (on, "detailed metrics are off" in page()) == ([], True)
