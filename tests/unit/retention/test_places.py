"""Where Bedrock writes is read out of its configuration, prefixes included."""

from __future__ import annotations

from typing import Any

import pytest

from claude_bedrock.retention.locations import Place, places

RECORDS = {"bucketName": "records"}
LARGE = {"largeDataDeliveryS3Config": {"bucketName": "bodies", "keyPrefix": "large"}}


@pytest.mark.parametrize(
    ("configuration", "found"),
    [
        ({}, []),
        ({"s3Config": RECORDS}, [Place("records", "AWSLogs/")]),
        ({"s3Config": RECORDS | {"keyPrefix": ""}}, [Place("records", "AWSLogs/")]),
        ({"s3Config": RECORDS | {"keyPrefix": "a/b/"}}, [Place("records", "a/b/AWSLogs/")]),
        ({"cloudWatchConfig": {"logGroupName": "group"}}, []),
        ({"cloudWatchConfig": LARGE}, [Place("bodies", "large/")]),
        (
            {"cloudWatchConfig": {"largeDataDeliveryS3Config": RECORDS}},
            [Place("records", "")],
        ),
    ],
)
def test_places(configuration: dict[str, Any], found: list[Place]) -> None:
    assert list(places(configuration)) == found
