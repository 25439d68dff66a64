"""What is said of the Region's logging configuration."""

import json
from typing import Any

import pytest

from cli.doctor import invocation_logging
from cli.doctor.invocation_logging import before_deployment, desired, judge
from invocation_logging import configuration

OUTPUTS = {
    "LogGroupName": "/claude-on-bedrock/dev/invocations",
    "LogBucketName": "record",
    "DeliveryRoleArn": "arn:aws:iam::123456789012:role/delivery",
}
WANTED = desired(OUTPUTS)
OTHERS: dict[str, Any] = {"s3Config": {"bucketName": "of-another-team"}}


def test_it_is_what_the_custom_resource_sets() -> None:
    properties = {
        "LogGroupName": OUTPUTS["LogGroupName"],
        "BucketName": OUTPUTS["LogBucketName"],
        "RoleArn": OUTPUTS["DeliveryRoleArn"],
        "LargeDataPrefix": invocation_logging.LARGE_DATA_PREFIX,
    }

    assert desired(OUTPUTS) == configuration.desired(properties)


def test_adopted_is_what_the_stack_says_it_found() -> None:
    theirs = {
        "s3Config": {"bucketName": "theirs", "keyPrefix": "p"},
        "textDataDeliveryEnabled": True,
    }

    assert desired({**OUTPUTS, "LoggingConfiguration": json.dumps(theirs)}) == theirs


def test_the_stages_own_is_fine_however_bedrock_writes_it() -> None:
    found = {**WANTED, "s3Config": {"bucketName": "record", "keyPrefix": ""}}

    assert judge(found, WANTED, "us-east-1").outcome == "ok"


def test_none_is_put_back_by_the_command_that_is_told() -> None:
    found = judge(None, WANTED, "us-east-1")

    assert found.outcome == "failed"
    given = found.fix.partition("--logging-config '")[2].rpartition("'")[0]
    assert json.loads(given) == WANTED


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"imageDataDeliveryEnabled": False}, "imageDataDeliveryEnabled is False, not True"),
        ({"s3Config": None}, "s3Config.bucketName is absent, not record"),
        ({"cloudWatchConfig": None}, "logGroupName is absent"),
        (OTHERS, "bucketName is of-another-team, not record"),
    ],
)
def test_what_differs_is_told(change: dict[str, Any], told: str) -> None:
    found = judge({**WANTED, **change}, WANTED, "us-east-1")

    assert found.outcome == "failed"
    assert told in found.found
    assert "CloudTrail" in found.fix


def test_anothers_stops_a_deployment() -> None:
    assert before_deployment(None, "dev", "us-east-1").outcome == "skipped"
    found = before_deployment(OTHERS, "dev", "us-east-1")
    assert (found.outcome, "s3://of-another-team" in found.found) == ("failed", True)
    assert "another Region" in found.fix


@pytest.mark.parametrize(("stage", "told"), [("dev", "left on"), ("prod", "set up by somebody")])
def test_what_the_stage_itself_left_on_is_told_as_that(stage: str, told: str) -> None:
    found = before_deployment(WANTED, stage, "us-east-1")

    assert (found.outcome, found.found.startswith(told)) == ("failed", True)
    assert "delete-model-invocation-logging-configuration --region us-east-1" in found.fix
