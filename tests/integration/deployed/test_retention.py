"""`claude-bedrock retention` against what is up."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.deployed.deployment import Deployment
from tests.integration.deployed.test_cli import claude_bedrock
from tests.integration.deployed.test_doctor import DENIED, DENIED_XML, tell
from tests.integration.deployed.told_answers import told

DAY = "2026-01-15"


@pytest.fixture
def healed(deployment: Deployment) -> Iterator[None]:
    yield
    tell(deployment)


@pytest.fixture
def audit_group(deployment: Deployment) -> Iterator[str]:
    """The name of the audit lines' group, whose retention a test may change."""
    name = deployment.output("InvocationLogging", "LogGroupName").replace("invocations", "gateway")
    yield name
    deployment.client("logs").put_retention_policy(logGroupName=name, retentionInDays=90)


def asked(deployment: Deployment, exit_code: int) -> dict[str, Any]:
    """What the command says of the day, by the last part of each place's name."""
    got = claude_bedrock(deployment, "retention", "--day", DAY, "--json")
    assert got.returncode == exit_code, got.stderr
    said: dict[str, Any] = json.loads(got.stdout)
    return said


def places(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {destination["destination"]: destination for destination in said["destinations"]}


def test_every_location_of_the_deployed_stage_is_listed(deployment: Deployment) -> None:
    said = asked(deployment, 0)

    assert (said["day"], said["retention_days"]) == (DAY, 30)
    assert said["retention_days_from"] == deployment.stage().stack("ModelAccess")
    assert {destination["outcome"] for destination in said["destinations"]} == {"ok"}
    found = places(said)
    group = deployment.output("InvocationLogging", "LogGroupName")
    siblings = {group.replace("invocations", name) for name in ("gateway", "access", "authorizer")}
    assert {group} | siblings <= set(found)
    first = dt.datetime(2026, 2, 14, tzinfo=dt.UTC)
    assert found[group]["first"] == first.isoformat()
    assert found[group]["last"] == (first + dt.timedelta(days=1)).isoformat()
    bucket = deployment.output("InvocationLogging", "LogBucketName")
    for prefix in ("AWSLogs", "large-data"):
        assert f"s3://{bucket}/{prefix}/*" in found


def test_what_the_embedded_aws_does_not_retain_is_reported(deployment: Deployment) -> None:
    said = asked(deployment, 0)
    bucket = deployment.output("InvocationLogging", "LogBucketName")
    large = places(said)[f"s3://{bucket}/large-data/*"]

    assert "embedded AWS" in said["note"]
    assert large["rule"] == "no rule expires it: kept until deleted"
    assert (large["first"], large["kept_days"]) == (None, None)
    human = claude_bedrock(deployment, "retention", "--day", DAY)
    assert human.returncode == 0
    assert "embedded AWS" in human.stdout
    assert "s3:DeleteObjectVersion" in human.stdout


def test_a_shortened_retention_is_detected(deployment: Deployment, audit_group: str) -> None:
    deployment.client("logs").put_retention_policy(logGroupName=audit_group, retentionInDays=14)

    said = asked(deployment, 1)

    short = [
        destination["destination"]
        for destination in said["destinations"]
        if destination["outcome"] != "ok"
    ]
    assert short == [audit_group]
    human = claude_bedrock(deployment, "retention")
    assert human.returncode == 1
    assert "Kept less than 65 days" in human.stdout


@pytest.mark.usefixtures("healed")
def test_what_aws_denies_is_unknown_and_names_the_permission(deployment: Deployment) -> None:
    denied = "<Error><Code>AccessDenied</Code><Message>not you</Message></Error>"
    tell(
        deployment,
        told("logs", "", DENIED, 403),
        told("s3", "", denied, 403),
        told("kms", "", DENIED, 403),
    )

    said = asked(deployment, 2)

    assert {destination["outcome"] for destination in said["destinations"]} == {"unknown"}
    why = {destination["unknown"] for destination in said["destinations"]}
    for permission in ("logs:DescribeLogGroups", "s3:GetLifecycleConfiguration", "kms:DescribeKey"):
        assert [each for each in why if permission in each]


@pytest.mark.usefixtures("healed")
def test_without_the_stack_nothing_can_be_read(deployment: Deployment) -> None:
    tell(deployment, told("cloudformation", "", DENIED_XML, 403))

    got = claude_bedrock(deployment, "retention")

    assert got.returncode == 2
    assert "AccessDenied" in got.stderr
    assert "Traceback" not in got.stderr
