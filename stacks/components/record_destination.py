"""The destinations to which Bedrock delivers a stage's records."""

from __future__ import annotations

from typing import NamedTuple


class RecordDestination(NamedTuple):
    """Log group and bucket of records, and the stage's key. `configuration` is the logging
    configuration as JSON, as Bedrock returns it."""

    log_group: str
    bucket: str
    bucket_arn: str
    configuration: str
    key_arn: str
