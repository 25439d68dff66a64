"""What was saved is read back as it was, and forgetting twice is fine."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from claude_bedrock.iam.propagation import PropagationRetry
from invocation_logging.saved_configuration import SavedConfiguration, connect
from tests.unit.invocation_logging.conftest import REGION

NAME = "/claude-on-bedrock/dev/saved-logging-configuration"


@pytest.fixture
def saved() -> Iterator[SavedConfiguration]:
    with mock_aws():
        yield SavedConfiguration(connect(REGION), NAME, retry=PropagationRetry(0))


def test_nothing_is_saved_at_first_and_after_it_was_forgotten(
    saved: SavedConfiguration, foreign: dict[str, Any]
) -> None:
    assert saved.get() is None
    saved.put({"s3Config": {"bucketName": "first"}})
    saved.put(foreign)
    assert saved.get() == foreign
    saved.delete()
    saved.delete()
    assert saved.get() is None


def test_longer_than_a_standard_parameter_is_saved_too(
    saved: SavedConfiguration, foreign: dict[str, Any]
) -> None:
    role = "arn:aws:iam::111122223333:role/" + "r" * 2000
    long = foreign | {"cloudWatchConfig": {"logGroupName": "g" * 512, "roleArn": role}}
    long["s3Config"] = {"bucketName": "b" * 63, "keyPrefix": "p" * 1024}
    long["cloudWatchConfig"]["largeDataDeliveryS3Config"] = {
        "bucketName": "b",
        "keyPrefix": "q" * 1024,
    }

    saved.put(long)

    assert saved.get() == long
    (described,) = boto3.client("ssm", region_name=REGION).describe_parameters()["Parameters"]
    assert described["Tier"] in ("Advanced", "Intelligent-Tiering")
