"""What doctor says of what goes before a stage's own settings."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.checks import account_overrides
from claude_bedrock.cli.doctor.checks.account_overrides import (
    judge_guardrails,
    judge_projects,
    judge_storage,
)
from claude_bedrock.cli.doctor.context import Account, Clients
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.stage_settings import Settings

REGION = "us-east-1"
SETTINGS = Settings(
    source="cdk.json",
    region=REGION,
    geographies=("us",),
    residency=None,
    models=("claude-haiku-4-5",),
    data_retention="none",
    retention_days=30,
    github=False,
)
OWN_BUCKET = {
    "storageDestination": "customer_managed",
    "storageConfiguration": {"s3BucketArn": "arn:aws:s3:::elsewhere"},
}


def project(name: str, mode: str, status: str = "active") -> dict[str, Any]:
    return {"id": name, "status": status, "dataRetention": {"mode": mode}}


def examined(client: object) -> dict[str, str]:
    account = Account(
        cast("Deployment", SimpleNamespace(region=REGION)),
        cast("Clients", lambda _service: client),
        "123456789012",
        "arn:aws:iam::123456789012:role/operator",
        "2026-11-29",
    )
    return {check.name: check.outcome for check in account_overrides.check(account, SETTINGS)}


class Older:
    """A client of the installed boto3."""

    def list_enforced_guardrails_configuration(self) -> dict[str, Any]:
        return {"guardrailsConfig": []}


class Newer(Older):
    """A client of a boto3 that knows projects and storage; the projects come in two pages."""

    def __init__(self, code: str) -> None:
        self._code = code

    def list_projects(self, **request: str) -> dict[str, Any]:
        if "nextToken" in request:
            return {"projectSummaries": [project("default", "aws_review")]}
        return {"projectSummaries": [project("proj_1", "inherit")], "nextToken": "2"}

    def get_account_data_retention_storage(self, *, modelProvider: str) -> dict[str, Any]:  # noqa: N803
        assert modelProvider == "anthropic"
        raise ClientError({"Error": {"Code": self._code}}, "GetAccountDataRetentionStorage")


def test_what_the_installed_boto3_cannot_read_is_skipped_and_not_well() -> None:
    assert examined(Older()) == {
        "enforced guardrail": "ok",
        "project data retention": "skipped",
        "retention storage": "skipped",
    }


@pytest.mark.parametrize(
    ("code", "outcome"), [("ResourceNotFoundException", "ok"), ("AccessDeniedException", "unknown")]
)
def test_a_newer_one_reads_every_page(code: str, outcome: str) -> None:
    assert examined(Newer(code)) == {
        "enforced guardrail": "ok",
        "project data retention": "failed",
        "retention storage": outcome,
    }


def test_a_guardrail_that_the_account_enforces_is_warned_of() -> None:
    checks = judge_guardrails([{"guardrailId": "abc", "guardrailVersion": "3"}])
    assert (checks.outcome, "abc version 3" in checks.found) == ("warning", True)
    assert judge_guardrails([]).outcome == "ok"


@pytest.mark.parametrize(
    ("projects", "stage_mode", "outcome"),
    [
        ([], "none", "ok"),
        ([project("default", "inherit"), project("proj_1", "inherit")], "none", "ok"),
        ([project("default", "none")], "none", "ok"),
        ([project("default", "aws_review")], "none", "failed"),
        ([project("default", "yet_to_come")], "none", "failed"),
        ([project("default", "default")], "aws_review", "ok"),
        ([project("proj_1", "aws_review")], "none", "warning"),
        ([project("proj_1", "aws_review", "archived")], "none", "ok"),
        ([project("default", "aws_review")], None, "ok"),
    ],
)
def test_a_project_that_retains_more_than_the_stage_is_detected(
    projects: list[dict[str, Any]], stage_mode: str | None, outcome: str
) -> None:
    assert judge_projects(projects, stage_mode).outcome == outcome


def test_storage_of_the_accounts_own_is_warned_of() -> None:
    assert judge_storage(None, REGION).outcome == "ok"
    assert judge_storage({"storageDestination": "amazon_managed"}, REGION).outcome == "ok"
    checks = judge_storage(OWN_BUCKET, REGION)
    assert (checks.outcome, "arn:aws:s3:::elsewhere" in checks.found) == ("warning", True)
