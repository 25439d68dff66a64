"""A stage with a KMS key of the account encrypts with that one, and makes none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_bedrock.cli.doctor.checks import kms_key
from claude_bedrock.logging_config.delivery_permissions import Delivery
from stacks.settings import load_stage
from tests.infrastructure.changes import Deployment
from tests.infrastructure.rendering import text
from tests.infrastructure.variants import PLAIN, VALUES, Syntheses, variant
from tools.docs.access.matrix import Inquiry
from tools.docs.access.mutants import mutants
from tools.docs.pages import blocks, read
from tools.stage_blocks import with_names
from tools.synthesis import CONTEXT, Synthesis, synthesize

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CHANGES: dict[str, Any] = {
    "kms_key": KEY,
    "keep_logs_on_destroy": True,
    "no_alarm_email_reason": "a test",
    "cloudtrail": {"create": True},
    "budgets": {"stage": [{"usd": 1, "per": "day"}]},
    "roles": {"deploy": {"principals": [f"arn:aws:iam::{ACCOUNT}:role/pipeline"]}},
}


@pytest.fixture(scope="module")
def synthesis(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesize("dev", tmp_path_factory.mktemp("key"), **CHANGES)


def encryption_keys(synthesis: Synthesis) -> Iterator[tuple[str, object]]:
    """Yield the key of each bucket of records or calls, log group, table and trail."""
    for resource in synthesis.everything():
        properties = resource.properties
        match resource.type:
            case "AWS::S3::Bucket":
                (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
                yield resource.id, rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
            case "AWS::Logs::LogGroup":
                yield resource.id, properties["KmsKeyId"]
            case "AWS::DynamoDB::Table":
                yield resource.id, properties["SSESpecification"]["KMSMasterKeyId"]
            case "AWS::CloudTrail::Trail":
                yield resource.id, properties["KMSKeyId"]


def output(synthesis: Synthesis, stack: str, name: str) -> str:
    return text(synthesis.template(stack)["Outputs"][name]["Value"])


def test_the_key_encrypts_all_that_the_stages_own_would(synthesis: Synthesis) -> None:
    keys = dict(encryption_keys(synthesis))

    assert len(keys) > 10
    assert {*map(str, keys.values())} == {KEY}
    made = [key.id for key in synthesis.everything() if key.type == "AWS::KMS::Key"]
    assert sorted(name[:8] for name in made) == ["AlarmTop", "Verifier"]
    assert output(synthesis, "InvocationLogging", "KeyArn") == KEY
    assert json.loads(output(synthesis, "ModelAccess", "Settings"))["kms_key"] == KEY
    assert synthesis.report()["pluginReports"][0]["violations"] == []


def test_the_page_and_an_output_have_what_the_keys_policy_needs(synthesis: Synthesis) -> None:
    statements = json.loads(output(synthesis, "InvocationLogging", "KmsKeyStatements"))
    (block,) = [
        block
        for block in blocks(read("docs/security.md"))
        if "AllowBedrockDeliveryEncryption" in block
    ]
    of_page = json.loads(block[7:-3].replace("prod", "dev"))

    assert of_page[1:] == statements
    delivery = Delivery(ACCOUNT, "us-east-1", "", KEY, "/claude-on-bedrock/dev/", (), "", "")
    complete, without_iam = (
        kms_key.judge({"KeyState": "Enabled"}, {"Statement": policy}, delivery)
        for policy in (of_page, statements)
    )
    assert (complete.outcome, without_iam.outcome) == ("ok", "failed")
    assert "IAM policies cannot allow kms:Decrypt" in without_iam.found


def test_the_key_is_used_by_those_who_use_the_stages_own(synthesis: Synthesis) -> None:
    block = {"dev": with_names(CONTEXT["stages"]["dev"], **CHANGES)}
    inquiry = Inquiry(
        load_stage(block, "dev"),
        synthesis.folder,
        is_asked=lambda cell: cell.action.startswith("kms:") and "SNS" not in cell.way,
    )
    of_key = [item for item in mutants(inquiry.principals, inquiry.cells) if KEY in item.name]
    matrix, changes = inquiry.judge(of_key)

    readers = {
        principal.name
        for principal in matrix.principals
        for cell in matrix.cells
        if (cell.action, cell.subject) == ("kms:Decrypt", "the key of kms_key")
        if not principal.made_up and matrix.allows(principal, cell)
    }
    assert readers == {
        "InvocationLogging/Verifier/Role",
        "ModelAccess/Auditor/Role",
        "Gateway/Function/AssumingRole",
    }
    assert [name for name, change in changes.items() if change is None] == []


def test_a_change_of_the_key_is_refused_in_a_deployed_stage(tmp_path: Path) -> None:
    syntheses, deployment = Syntheses(tmp_path), Deployment()
    (_, own), (_, another) = (variant(PLAIN, changes) for changes in VALUES["logging.kms_key"])

    assert deployment.update(own, syntheses.of(own)) == []
    refusals = deployment.update(another, syntheses.of(another))

    assert any("in use by ModelAccess" in refusal for refusal in refusals)
