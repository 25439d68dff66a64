"""How long the places of a logging configuration keep what Bedrock writes there, as AWS answers."""

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
from claude_bedrock.retention.locations import places
from claude_bedrock.retention.log_group import LogGroup


class Asked(Protocol):
    """What AWS answers; None is what is not there."""

    def log_group(self, name: str) -> LogGroup | None: ...
    def bucket(self, name: str) -> Bucket | None: ...


def look(
    configuration: Configuration, asked: Asked, days: int, today: dt.date, *, but: str = ""
) -> Iterator[Drift]:
    """Where less than `days` is kept; the bucket `but` is left out."""
    group = configuration.get("cloudWatchConfig", {}).get("logGroupName")
    if group:
        yield from drift.of_log_group(group, asked.log_group(group), days, today)
    for bucket, there in groupby(sorted(places(configuration)), attrgetter("bucket")):
        if bucket != but:
            prefixes = [place.prefix for place in there]
            for each in drift.of_bucket(asked.bucket(bucket), prefixes, days, today):
                yield each._replace(what=f"s3://{bucket}: {each.what}")


class Keeping(NamedTuple):
    """What another's configuration is judged by before a stage lives by it. It only reads, so all
    of it is tried again while IAM has not propagated this function's policy."""

    asked: Asked
    today: dt.date
    retry: PropagationRetry

    def shortfalls(self, configuration: Configuration, days: int) -> Sequence[str]:
        """Each place that keeps less, in words. Raises botocore's errors: who may not ask does not
        know."""
        return self.retry.call(
            lambda: [each.what for each in look(configuration, self.asked, days, self.today)]
        )
