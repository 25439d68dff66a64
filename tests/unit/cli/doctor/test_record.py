"""What is said of the Region's logging configuration."""

import json
from typing import Any

import pytest

from claude_bedrock.cli.doctor.checks import invocation_logging
from claude_bedrock.cli.doctor.checks.invocation_logging import before_deployment, desired, judge
from claude_bedrock.logging_config import configuration

OUTPUTS = {
    "LogGroupName": "/claude-on-bedrock/dev/invocations",
    "LogBucketName": "record",
    "DeliveryRoleArn": "arn:aws:iam::123456789012:role/delivery",
}
EXPECTED = desired(OUTPUTS)
OTHERS: dict[str, Any] = {"s3Config": {"bucketName": "of-another-team"}}


def test_it_is_what_the_custom_resource_sets() -> None:
    properties = {
        "LogGroupName": OUTPUTS["LogGroupName"],
        "BucketName": OUTPUTS["LogBucketName"],
        "RoleArn": OUTPUTS["DeliveryRoleArn"],
        "LargeDataPrefix": invocation_logging.LARGE_DATA_PREFIX,
    }

    assert desired(OUTPUTS) == configuration.desired(properties)


def test_adopted_is_what_the_stack_reports_it_adopted() -> None:
    adopted = {
        "s3Config": {"bucketName": "theirs", "keyPrefix": "p"},
        "textDataDeliveryEnabled": True,
    }

    assert desired({**OUTPUTS, "LoggingConfiguration": json.dumps(adopted)}) == adopted


def test_the_stages_own_is_fine_however_bedrock_writes_it() -> None:
    configuration = {**EXPECTED, "s3Config": {"bucketName": "record", "keyPrefix": ""}}

    assert judge(configuration, EXPECTED, "us-east-1").outcome == "ok"


def test_none_is_put_back_by_the_command_that_is_printed() -> None:
    check = judge(None, EXPECTED, "us-east-1")

    assert check.outcome == "failed"
    argument = check.fix.partition("--logging-config '")[2].rpartition("'")[0]
    assert json.loads(argument) == EXPECTED


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"imageDataDeliveryEnabled": False}, "imageDataDeliveryEnabled is False, not True"),
        ({"s3Config": None}, "s3Config.bucketName is absent, not record"),
        ({"cloudWatchConfig": None}, "logGroupName is absent"),
        (OTHERS, "bucketName is of-another-team, not record"),
    ],
)
def test_what_differs_is_reported(change: dict[str, Any], expected: str) -> None:
    check = judge({**EXPECTED, **change}, EXPECTED, "us-east-1")

    assert check.outcome == "failed"
    assert expected in check.found
    assert "CloudTrail" in check.fix


@pytest.mark.parametrize(
    ("configuration", "stage", "words"),
    [
        (OTHERS, "dev", "set up by another team, to s3://of-another-team"),
        (EXPECTED, "prod", "set up by another stage of this project, dev"),
        (EXPECTED, "dev", "left on when the stage went"),
    ],
)
def test_anothers_stops_a_deployment_and_what_may_be_done_is_offered(
    configuration: dict[str, Any], stage: str, words: str
) -> None:
    check = before_deployment(configuration, stage, {})

    assert (check.outcome, check.found.startswith(words)) == ("failed", True)
    for answer in ("adopt", "extend", "replace"):
        assert f'"{answer}"' in check.fix
    assert "docs/deploy.md#another-teams-logging" in check.fix
    assert "delete" not in check.fix
    assert (OUTPUTS["DeliveryRoleArn"] in check.fix) == (configuration is EXPECTED)


ROLE = {"existing_logging_role": OUTPUTS["DeliveryRoleArn"]}


@pytest.mark.parametrize(
    ("configuration", "block", "outcome"),
    [
        (EXPECTED, {"existing_logging": "adopt"}, "ok"),
        (EXPECTED, {"existing_logging": "extend", **ROLE}, "ok"),
        (EXPECTED, {"existing_logging": "replace", **ROLE}, "ok"),
        (OTHERS, {"existing_logging": "replace"}, "ok"),
        (EXPECTED, {"existing_logging": "replace"}, "failed"),
        (EXPECTED, {"existing_logging": "extend", "existing_logging_role": "arn:other"}, "failed"),
        (OTHERS, {"existing_logging": "adopt"}, "failed"),
        ({**EXPECTED, "textDataDeliveryEnabled": False}, {"existing_logging": "adopt"}, "failed"),
        (EXPECTED, {"existing_logging": "fail"}, "failed"),
    ],
)
def test_what_the_block_sets_for_anothers_is_reckoned_with(
    configuration: dict[str, Any], block: dict[str, str], outcome: str
) -> None:
    assert before_deployment(configuration, "prod", {"logging": block}).outcome == outcome


def test_nothing_is_wrong_where_the_deployment_turns_it_on() -> None:
    assert before_deployment(None, "dev", {}).outcome == "skipped"
