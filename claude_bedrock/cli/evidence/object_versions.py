"""Versions of objects in the stage's bucket. A lifecycle rule hides what is under a legal hold
behind a delete marker, and S3 keeps the version, so it is read by its id:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from claude_bedrock.cli.shared.deployment import Client
from claude_bedrock.verification.evidence_bucket import BrokenEvidenceError, EvidenceFiles


class ObjectVersion(NamedTuple):
    """A version of an object."""

    key: str
    version: str


def list_versions(
    s3: Client, bucket: str, prefix: str, *, after: str = ""
) -> Iterator[Mapping[str, Any]]:
    """Yield what S3 lists of each version of the keys that begin with `prefix` and sort behind
    `after`: keys in order, the newest version of a key first, no delete markers. Raises botocore's
    errors."""
    pages = s3.get_paginator("list_object_versions")
    marker = {"KeyMarker": after} if after else {}
    for page in pages.paginate(Bucket=bucket, Prefix=prefix, **marker):
        yield from page.get("Versions", [])


class EvidenceVersions(EvidenceFiles):
    """The evidence in a bucket, also what has expired and is held. Of each key it is the oldest
    version: evidence is written once, and what came later is not the function's. With `newest` it
    is what a reader finds, or would without the lifecycle rule's delete marker."""

    def __init__(self, s3: Client, bucket: str, *, newest: bool = False) -> None:
        self._s3 = s3
        self._bucket = self.name = bucket
        self._newest = newest
        self._versions: dict[str, str] = {}

    def listed(self, prefix: str, after: str = "") -> Iterator[str]:
        chosen: dict[str, str] = {}
        for item in list_versions(self._s3, self._bucket, prefix, after=after):
            if not (self._newest and item["Key"] in chosen):
                chosen[str(item["Key"])] = str(item["VersionId"])
        self._versions |= chosen
        yield from sorted(chosen)

    def content(self, key: str) -> bytes:
        if key not in self._versions and key not in list(self.listed(key)):
            raise BrokenEvidenceError(f"{key} is gone")
        version = self._versions[key]
        answer = self._s3.get_object(Bucket=self._bucket, Key=key, VersionId=version)
        body: bytes = answer["Body"].read()
        return body
