"""CloudTrail as a witness: the trail that a stage makes, and who may read which of its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_bedrock.records.trail_source import from_json
from stacks.components.iam.trail_permissions import trail_root
from tests.infrastructure.rendering import text, texts
from tests.infrastructure.test_record_access import policy_of
from tools.synthesis import Synthesis, synthesize

STACK = "InvocationLogging"
ORGANIZATION = {
    "bucket": "the-trail",
    "prefix": "audit",
    "organization": "o-abcdefghij",
    "kms_key": "arn:aws:kms:eu-west-1:210987654321:key/00000000-0000-0000-0000-000000000000",
    "accounts": ["210987654321"],
    "stage_regions": ["eu-west-3"],
}


def _reading(synthesis: Synthesis, stack: str) -> dict[str, dict[str, Any]]:
    return {
        statement["Sid"]: statement
        for policy in synthesis.resources(stack, "AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if statement.get("Sid", "").endswith("TrailFiles")
    }


def test_a_stage_makes_a_trail_of_all_regions_management_events(
    tmp_path: Path, prod: Synthesis
) -> None:
    synthesis = synthesize("prod", tmp_path, cloudtrail={"create": True})

    region = synthesis.settings.region
    trail = synthesis.only(STACK, "AWS::CloudTrail::Trail").properties
    assert (trail["IsMultiRegionTrail"], trail["EnableLogFileValidation"]) == (True, True)
    (selector,) = trail["EventSelectors"]
    assert (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("All", True)
    (bucket,) = [
        resource
        for resource in synthesis.resources(STACK, "AWS::S3::Bucket")
        if f"<{resource.id}>" == text(trail["S3BucketName"])
    ]
    assert bucket.rest["DeletionPolicy"] == "RetainExceptOnCreate"
    allowed = [item for item in policy_of(synthesis, bucket.id) if item["Effect"] == "Allow"]
    assert {item["Principal"]["Service"] for item in allowed} == {"cloudtrail.amazonaws.com"}
    writers = {text(item["Condition"]["ArnLike"]["aws:SourceArn"]) for item in allowed}
    assert writers == {f"arn:aws:cloudtrail:{region}:123456789012:trail/{trail['TrailName']}"}
    keys = [
        statement
        for key in synthesis.resources(STACK, "AWS::KMS::Key")
        for statement in key.properties["KeyPolicy"]["Statement"]
        if statement.get("Principal") == {"Service": "cloudtrail.amazonaws.com"}
    ]
    assert [texts(item["Action"]) for item in keys] == [
        ["kms:GenerateDataKey"],
        ["kms:DescribeKey"],
    ]
    sources = {text(item["Condition"]["StringEquals"]["aws:SourceArn"]) for item in keys}
    assert len(sources) == 1
    assert sources.pop().endswith(f":trail/{trail['TrailName']}")
    for stack in (STACK, "ModelAccess"):
        assert _reading(synthesis, stack).keys() == {"ListTrailFiles", "ReadTrailFiles"}
    assert synthesis.report()["pluginReports"][0]["violations"] == []
    added = {"CallOutsideStage", "UnrecordedCall", "LostCall", "TrailIncomplete"}
    assert _metrics(synthesis) - _metrics(prod) == added


def test_of_anothers_bucket_only_the_accounts_folders_are_read(tmp_path: Path) -> None:
    synthesis = synthesize("prod", tmp_path, cloudtrail=ORGANIZATION)

    assert synthesis.resources(STACK, "AWS::CloudTrail::Trail") == []
    source = from_json(text(synthesis.template(STACK)["Outputs"]["CloudTrailSource"]["Value"]))
    assert source is not None
    accounts = ("123456789012", "210987654321")
    roots = [source.root(account) for account in accounts]
    statements = _reading(synthesis, STACK)
    listing, reading = statements["ListTrailFiles"], statements["ReadTrailFiles"]
    assert texts(listing["Resource"]) == ["arn:aws:s3:::the-trail"]
    assert texts(listing["Condition"]["StringLike"]["s3:prefix"]) == [f"{root}*" for root in roots]
    assert texts(reading["Resource"]) == [f"arn:aws:s3:::the-trail/{root}*" for root in roots]
    decrypting = statements["DecryptTrailFiles"]
    assert texts(decrypting["Resource"]) == [ORGANIZATION["kms_key"]]
    via = decrypting["Condition"]["StringEquals"]["kms:ViaService"]
    assert via == "s3.eu-west-1.amazonaws.com"
    (variables,) = [
        resource.properties["Environment"]["Variables"]
        for resource in synthesis.resources(STACK, "AWS::Lambda::Function")
        if "CLOUDTRAIL" in resource.properties.get("Environment", {}).get("Variables", {})
    ]
    assert from_json(text(variables["CLOUDTRAIL"])) == source


@pytest.mark.parametrize("settings", [{"bucket": "b"}, ORGANIZATION])
def test_stack_and_reader_agree_on_the_files_names(settings: dict[str, Any]) -> None:
    source = from_json(json.dumps(settings))
    assert source is not None
    assert source.root("123456789012") == trail_root(
        prefix=settings.get("prefix", ""),
        organization=settings.get("organization", ""),
        account="123456789012",
    )


def _metrics(synthesis: Synthesis) -> set[str]:
    alarms = synthesis.resources("Observability", "AWS::CloudWatch::Alarm")
    return {alarm.properties.get("MetricName", "") for alarm in alarms}
