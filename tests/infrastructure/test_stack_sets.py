"""Templates of a stage without an endpoint that StackSets can deploy into any account."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from stacks.settings import SettingsError, load_stage
from stacks.shared_assets import shared_assets
from stacks.stage_stacks import add_stacks
from tests.infrastructure.variants import ACCOUNT, PLAIN, STAGE, VALUES, Syntheses
from tools.stage_blocks import Block, nested
from tools.synthesis import CONTEXT

BLOCK = {
    **PLAIN,
    **VALUES["logging.archive"][2],
    "endpoint.enabled": False,
    "logging.keep_logs_on_destroy": True,
}
ARCHIVES_ACCOUNT = "333333333333"


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assembly")
    stage = load_stage({STAGE: nested(BLOCK)}, STAGE)
    app = cdk.App(
        context=CONTEXT,
        builtin_cloud_formation_validation=False,
        outdir=str(folder / "out"),
        default_stack_synthesizer=shared_assets(stage, "company-assets"),
    )
    with Syntheses(folder).without_packages():
        add_stacks(app, stage)
    return Path(app.synth().directory)


def test_a_template_names_nothing_of_one_account(assembly: Path) -> None:
    templates = [file.read_text() for file in assembly.glob("*.template.json")]

    assert len(templates) == 3
    for text in templates:
        assert {*re.findall(r"\b\d{12}\b", text)} <= {ARCHIVES_ACCOUNT}
        assert not re.search("hnb659fds-|AWS::SSM|Fn::GetStackOutput|AWS::CloudFormation::", text)
        assert {"Parameters", "Rules", "Transform"}.isdisjoint(json.loads(text))


def test_the_zips_are_in_the_shared_bucket_of_the_region(assembly: Path) -> None:
    template = (assembly / f"claude-on-bedrock-{STAGE}-InvocationLogging.template.json").read_text()
    functions = [
        body["Properties"]["Code"]
        for body in json.loads(template)["Resources"].values()
        if body["Type"] == "AWS::Lambda::Function"
    ]
    assets: dict[str, Any] = json.loads(
        next(assembly.glob("*InvocationLogging.assets.json")).read_text()
    )["files"]
    keys = {
        destination["objectKey"]: destination["bucketName"]
        for asset in assets.values()
        for destination in asset["destinations"].values()
    }
    assert {code["S3Bucket"] for code in functions} == {"company-assets-us-east-1"}
    assert {code["S3Key"] for code in functions} <= {*keys}
    assert {*keys.values()} == {"company-assets-us-east-1"}


ROLE = VALUES["logging.existing_logging_role"][1]["logging.existing_logging_role"]
KEY = VALUES["logging.kms_key"][1]["logging.kms_key"]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"account.id": ACCOUNT}, "account.id: 111111111111 given with shared_assets_bucket"),
        ({"endpoint.enabled": True}, "endpoint.enabled: true given with shared_assets_bucket"),
        ({"logging.record_access_log": "data_events"}, "logging.record_access_log: given with"),
        ({"evidence.cloudtrail": {"create": True}}, "evidence.cloudtrail.create: true given with"),
        ({"logging.existing_logging_role": ROLE}, f"existing_logging_role: {ROLE} given with"),
        ({"logging.kms_key": KEY}, f"logging.kms_key: {KEY} given with shared_assets_bucket"),
    ],
)
def test_a_stage_of_one_account_is_refused(changes: Block, line: str) -> None:
    stage = load_stage({STAGE: nested({**BLOCK, **changes})}, STAGE)

    with pytest.raises(SettingsError) as refusal:
        shared_assets(stage, "company-assets")

    assert line in str(refusal.value)
    with pytest.raises(SettingsError, match="shared_assets_bucket: 'A/b' given"):
        shared_assets(load_stage({STAGE: nested(BLOCK)}, STAGE), "A/b")
