"""The destinations of a deployment's records."""

import json
from typing import NamedTuple


class Destinations(NamedTuple):
    """A log group, and a bucket in which keys of records begin with `prefix`: `` or ending in `/`,
    where the stage has adopted or extended another's logging."""

    account: str
    region: str
    log_group: str
    bucket: str
    prefix: str = ""

    @property
    def root(self) -> str:
        """What the keys of all records begin with, ending in `/`.

        https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
        """
        logs = f"AWSLogs/{self.account}/BedrockModelInvocationLogs/{self.region}/"
        return self.prefix + logs


def prefix_in(configuration: str) -> str:
    """Return the `prefix` of a logging configuration, which is JSON as Bedrock tells it."""
    prefix: str = json.loads(configuration).get("s3Config", {}).get("keyPrefix", "")
    return f"{prefix.rstrip('/')}/" if prefix else ""
