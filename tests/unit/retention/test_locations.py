"""Where Bedrock writes is read out of its configuration, prefixes included."""

from __future__ import annotations

from typing import Any

import pytest

from claude_bedrock.retention.locations import StorageLocation, storage_locations

RECORDS = {"bucketName": "records"}
LARGE = {"largeDataDeliveryS3Config": {"bucketName": "bodies", "keyPrefix": "large"}}


@pytest.mark.parametrize(
    ("configuration", "result"),
    [
        ({}, []),
        ({"s3Config": RECORDS}, [StorageLocation("records", "AWSLogs/")]),
        ({"s3Config": RECORDS | {"keyPrefix": ""}}, [StorageLocation("records", "AWSLogs/")]),
        (
            {"s3Config": RECORDS | {"keyPrefix": "a/b/"}},
            [StorageLocation("records", "a/b/AWSLogs/")],
        ),
        ({"cloudWatchConfig": {"logGroupName": "group"}}, []),
        ({"cloudWatchConfig": LARGE}, [StorageLocation("bodies", "large/")]),
        (
            {"cloudWatchConfig": {"largeDataDeliveryS3Config": RECORDS}},
            [StorageLocation("records", "")],
        ),
    ],
)
def test_storage_locations(configuration: dict[str, Any], result: list[StorageLocation]) -> None:
    assert list(storage_locations(configuration)) == result
