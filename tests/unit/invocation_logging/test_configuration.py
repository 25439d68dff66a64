"""Our configuration says everything; another is recognized, and its difference is readable."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.logging_config import configuration
from tests.unit.invocation_logging.conftest import PROPERTIES

DESIRED = configuration.desired(PROPERTIES)
SETTINGS = st.dictionaries(st.text(min_size=1), st.booleans() | st.text(), max_size=5)


def test_both_destinations_large_bodies_and_every_data_type_are_stated() -> None:
    assert DESIRED == {
        "cloudWatchConfig": {
            "logGroupName": "/claude-on-bedrock/dev/invocations",
            "roleArn": "arn:aws:iam::111122223333:role/delivery",
            "largeDataDeliveryS3Config": {
                "bucketName": "claude-dev-invocations",
                "keyPrefix": "large-data",
            },
        },
        "s3Config": {"bucketName": "claude-dev-invocations"},
        "textDataDeliveryEnabled": True,
        "imageDataDeliveryEnabled": True,
        "embeddingDataDeliveryEnabled": True,
        "videoDataDeliveryEnabled": True,
        "audioDataDeliveryEnabled": True,
    }


@pytest.mark.parametrize("name", ["LogGroupName", "RoleArn", "BucketName", "LargeDataPrefix"])
def test_a_missing_property_is_named(name: str) -> None:
    for incomplete in (
        {**PROPERTIES, name: ""},
        {k: v for k, v in PROPERTIES.items() if k != name},
    ):
        with pytest.raises(configuration.InvalidProperties, match=name):
            configuration.desired(incomplete)


def test_what_bedrock_fills_in_or_leaves_out_is_no_difference() -> None:
    returned = json.loads(json.dumps(DESIRED))
    returned["s3Config"]["keyPrefix"] = ""
    del returned["audioDataDeliveryEnabled"]

    assert configuration.same(returned, DESIRED)
    assert configuration.difference(returned, DESIRED) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["cloudWatchConfig", "logGroupName"], "/another"),
        (["cloudWatchConfig", "roleArn"], "arn:aws:iam::111122223333:role/another"),
        (["cloudWatchConfig", "largeDataDeliveryS3Config", "bucketName"], "another"),
        (["cloudWatchConfig", "largeDataDeliveryS3Config", "keyPrefix"], "another"),
        (["s3Config", "bucketName"], "another"),
        (["s3Config", "keyPrefix"], "another"),
        (["imageDataDeliveryEnabled"], False),
    ],
)
def test_a_change_in_any_one_setting_is_reported_by_its_name(
    path: list[str], value: object
) -> None:
    other = json.loads(json.dumps(DESIRED))
    inner: dict[str, Any] = other
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value

    [line] = configuration.difference(other, DESIRED)

    assert not configuration.same(other, DESIRED)
    assert line.startswith(f"{'.'.join(path)}: found {value}, wanted ")


@given(SETTINGS, SETTINGS)
def test_same_means_no_difference(first: dict[str, Any], other: dict[str, Any]) -> None:
    assert configuration.same(first, first)
    assert configuration.same(first, other) == (configuration.difference(first, other) == [])
