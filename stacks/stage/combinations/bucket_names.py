"""Names of buckets that S3 would never take, which a pattern cannot tell.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stacks.stage.block import Stage
from stacks.stage.logs import ACCOUNT_ID

_MOST_CHARACTERS: Final = 63
_ADDRESS: Final = re.compile(r"[0-9]+(\.[0-9]+){3}")
_PREFIXES: Final = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def bucket_mistakes(stage: Stage) -> Iterator[str]:
    for path, name in _names(stage):
        problem = _problem(name.replace(ACCOUNT_ID, "0" * 12))
        if problem:
            yield f"{path}: {name!r} given, {problem}; allowed: the name of an S3 bucket"


def _names(stage: Stage) -> Iterator[tuple[str, str]]:
    logging, trail, domain = stage.logging, stage.evidence.cloudtrail, stage.endpoint.domain
    if logging.archive:
        yield "logging.archive.bucket", logging.archive.bucket
    if logging.log_bucket_access_log:
        yield "logging.log_bucket_access_log.bucket", logging.log_bucket_access_log.bucket
    if trail and trail.bucket:
        yield "evidence.cloudtrail.bucket", trail.bucket
    if domain and domain.truststore:
        bucket = domain.truststore.uri.removeprefix("s3://").partition("/")[0]
        yield "endpoint.domain.truststore.uri", bucket


def _problem(name: str) -> str:
    """Return what is wrong with a name; empty where S3 might take it."""
    if len(name) > _MOST_CHARACTERS:
        return f"which has {len(name)} characters and may have {_MOST_CHARACTERS}"
    if ".." in name:
        return "which has two periods side by side"
    if _ADDRESS.fullmatch(name):
        return "which is an IP address"
    if name.startswith(_PREFIXES) or name.endswith(_SUFFIXES):
        return "which begins or ends in what S3 reserves"
    return ""
