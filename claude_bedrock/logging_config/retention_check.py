"""The retention of a logging configuration's storage locations."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, Protocol

from claude_bedrock.iam.propagation import PropagationRetry
from claude_bedrock.logging_config import drift
from claude_bedrock.logging_config.configuration import Configuration
from claude_bedrock.logging_config.drift import Drift
from claude_bedrock.retention.bucket import Bucket
from claude_bedrock.retention.locations import storage_locations
from claude_bedrock.retention.log_group import LogGroup


class RetentionReader(Protocol):
    """What AWS answers; None is what is not there."""

    def log_group(self, name: str) -> LogGroup | None: ...
    def bucket(self, name: str) -> Bucket | None: ...


def find_retention_shortfalls(
    configuration: Configuration,
    reader: RetentionReader,
    days: int,
    today: dt.date,
    *,
    except_bucket: str = "",
) -> Iterator[Drift]:
    """Yield each location that retains less than `days`; `except_bucket` is left out."""
    group = configuration.get("cloudWatchConfig", {}).get("logGroupName")
    if group:
        yield from drift.of_log_group(group, reader.log_group(group), days, today)
    for bucket, there in groupby(sorted(storage_locations(configuration)), attrgetter("bucket")):
        if bucket != except_bucket:
            prefixes = [location.prefix for location in there]
            for shortfall in drift.of_bucket(reader.bucket(bucket), prefixes, days, today):
                yield shortfall._replace(what=f"s3://{bucket}: {shortfall.what}")


class RetentionChecker(NamedTuple):
    """What another's configuration is judged by before a stage lives by it. It only reads, so all
    of it is tried again while IAM has not propagated this function's policy."""

    reader: RetentionReader
    today: dt.date
    retry: PropagationRetry

    def shortfalls(self, configuration: Configuration, days: int) -> Sequence[str]:
        """Return each location that retains less, in words. Raises botocore's errors: who may not
        ask does not know."""
        return self.retry.call(
            lambda: [
                shortfall.what
                for shortfall in find_retention_shortfalls(
                    configuration, self.reader, days, self.today
                )
            ]
        )
