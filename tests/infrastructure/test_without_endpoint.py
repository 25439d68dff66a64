"""A stage without an endpoint: logging, drift detector, verification and IAM, and no door. That its
templates pass every rule, tests/infrastructure/test_pairs.py shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks.components.record.verification import WITHOUT_GATEWAY
from tests.infrastructure.variants import PLAIN, Syntheses, Templates

BLOCK = {**PLAIN, "endpoint.enabled": False, "logging.keep_logs_on_destroy": True}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Syntheses(tmp_path_factory.mktemp("syntheses")).of(BLOCK)


def resources(templates: Templates, type_: str) -> list[dict[str, Any]]:
    return [
        body["Properties"]
        for template in templates.values()
        for body in template["Resources"].values()
        if body["Type"] == type_
    ]


def test_it_has_three_stacks_without_a_door(templates: Templates) -> None:
    assert set(templates) == {"InvocationLogging", "ModelAccess", "Observability"}
    assert "AWS::ApiGateway" not in json.dumps(templates)


def test_its_verification_reads_records_and_no_audit_entries(templates: Templates) -> None:
    (variables,) = [
        function["Environment"]["Variables"]
        for function in resources(templates, "AWS::Lambda::Function")
        if function["Handler"] == "verification.handler.handle"
    ]
    assert [
        variables[name]
        for name in ("AUDIT_LOG_GROUP", "ACCESS_LOG_GROUP", "GATEWAY_ROLE", "CALLER_ROLE")
    ] == [""] * 4
    (reads,) = [
        json.dumps(statement["Resource"])
        for policy in resources(templates, "AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "ReadRecordsAndAuditLogs"
    ]
    assert "/dev/verification" in reads
    assert "/dev/gateway" not in reads


def test_its_alarms_are_those_of_what_it_has(templates: Templates) -> None:
    alarms = resources(templates, "AWS::CloudWatch::Alarm")
    own = {alarm["MetricName"] for alarm in alarms if alarm["Namespace"] == "ClaudeOnBedrock"}

    assert own >= {*WITHOUT_GATEWAY, "UnverifiedHours", "EvidenceChanged", "DriftDetectorRuns"}
    assert not own & {"GatewayBypassed", "AuditEntryLost", "UpstreamErrors", "CallerMismatch"}
    assert {alarm["Namespace"] for alarm in alarms} == {"ClaudeOnBedrock", "AWS/Bedrock"}


def test_its_callers_have_policies_and_the_deny_policy(templates: Templates) -> None:
    outputs = templates["ModelAccess"]["Outputs"]

    assert {"InvokePolicyArn", "GuardPolicyArn", "BoundaryPolicyArn", "AuditorRoleArn"} <= {
        *outputs
    }
    assert json.loads(outputs["Settings"]["Value"])["endpoint"] is False


def test_what_it_needs_of_an_account_is_the_zips_of_its_functions(
    templates: Templates,
) -> None:
    """What a StackSet has to bring along: docs/accounts.md."""
    code = [function["Code"] for function in resources(templates, "AWS::Lambda::Function")]

    assert {*map(frozenset, code)} == {frozenset({"S3Bucket", "S3Key"})}
