"""`claude-bedrock retention` against what is up."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.deployed.deployment import Deployment
from tests.integration.deployed.response_overrides import override
from tests.integration.deployed.test_cli import claude_bedrock
from tests.integration.deployed.test_doctor import DENIED, DENIED_XML, set_overrides

DAY = "2026-01-15"


@pytest.fixture
def healed(deployment: Deployment) -> Iterator[None]:
    yield
    set_overrides(deployment)


@pytest.fixture
def audit_group(deployment: Deployment) -> Iterator[str]:
    """The name of the audit lines' group, whose retention a test may change."""
    name = deployment.output("InvocationLogging", "LogGroupName").replace("invocations", "gateway")
    yield name
    deployment.client("logs").put_retention_policy(logGroupName=name, retentionInDays=90)


def run_retention(deployment: Deployment, exit_code: int) -> dict[str, Any]:
    """What the command says of the day, by the last part of each place's name."""
    got = claude_bedrock(deployment, "retention", "--day", DAY, "--json")
    assert got.returncode == exit_code, got.stderr
    report: dict[str, Any] = json.loads(got.stdout)
    return report


def by_name(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {destination["destination"]: destination for destination in report["destinations"]}


def test_every_location_of_the_deployed_stage_is_listed(deployment: Deployment) -> None:
    report = run_retention(deployment, 0)

    assert (report["day"], report["retention_days"]) == (DAY, 30)
    assert report["retention_days_from"] == deployment.stage().stack("ModelAccess")
    assert {destination["outcome"] for destination in report["destinations"]} == {"ok"}
    locations = by_name(report)
    group = deployment.output("InvocationLogging", "LogGroupName")
    siblings = {group.replace("invocations", name) for name in ("gateway", "access", "authorizer")}
    assert {group} | siblings <= set(locations)
    first = dt.datetime(2026, 2, 14, tzinfo=dt.UTC)
    assert locations[group]["first"] == first.isoformat()
    assert locations[group]["last"] == (first + dt.timedelta(days=1)).isoformat()
    bucket = deployment.output("InvocationLogging", "LogBucketName")
    for prefix in ("AWSLogs", "large-data"):
        assert f"s3://{bucket}/{prefix}/*" in locations


def test_what_the_embedded_aws_does_not_retain_is_reported(deployment: Deployment) -> None:
    report = run_retention(deployment, 0)
    bucket = deployment.output("InvocationLogging", "LogBucketName")
    large = by_name(report)[f"s3://{bucket}/large-data/*"]

    assert "embedded AWS" in report["note"]
    assert large["rule"] == "no rule expires it: kept until deleted"
    assert (large["first"], large["kept_days"]) == (None, None)
    human = claude_bedrock(deployment, "retention", "--day", DAY)
    assert human.returncode == 0
    assert "embedded AWS" in human.stdout
    assert "s3:DeleteObjectVersion" in human.stdout


def test_a_shortened_retention_is_detected(deployment: Deployment, audit_group: str) -> None:
    deployment.client("logs").put_retention_policy(logGroupName=audit_group, retentionInDays=14)

    report = run_retention(deployment, 1)

    short = [
        destination["destination"]
        for destination in report["destinations"]
        if destination["outcome"] != "ok"
    ]
    assert short == [audit_group]
    human = claude_bedrock(deployment, "retention")
    assert human.returncode == 1
    assert "Kept less than 65 days" in human.stdout


@pytest.mark.usefixtures("healed")
def test_what_aws_denies_is_unknown_and_names_the_permission(deployment: Deployment) -> None:
    denied = "<Error><Code>AccessDenied</Code><Message>not you</Message></Error>"
    set_overrides(
        deployment,
        override("logs", "", DENIED, 403),
        override("s3", "", denied, 403),
        override("kms", "", DENIED, 403),
    )

    report = run_retention(deployment, 2)

    assert {destination["outcome"] for destination in report["destinations"]} == {"unknown"}
    why = {destination["unknown"] for destination in report["destinations"]}
    for permission in ("logs:DescribeLogGroups", "s3:GetLifecycleConfiguration", "kms:DescribeKey"):
        assert [reason for reason in why if permission in reason]


@pytest.mark.usefixtures("healed")
def test_without_the_stack_nothing_can_be_read(deployment: Deployment) -> None:
    set_overrides(deployment, override("cloudformation", "", DENIED_XML, 403))

    got = claude_bedrock(deployment, "retention")

    assert got.returncode == 2
    assert "AccessDenied" in got.stderr
    assert "Traceback" not in got.stderr
