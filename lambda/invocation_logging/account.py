"""What AWS answers of the record's configuration and places, for the sentinel."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from custom_resource.propagation import PropagationRetry
from retention.answers import read_bucket, read_key, read_log_group
from retention.bucket import Bucket
from retention.key import Key
from retention.log_group import LogGroup

from .service import ONE_CALL, LoggingService, connect

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""


class Account:
    """The account in a Region. Every question raises botocore's errors; what is not there is None:
    only that, and no refusal, is an answer."""

    def __init__(self, region: str) -> None:
        self._region = region

    def configuration(self) -> Mapping[str, Any] | None:
        return LoggingService(connect(self._region), retry=PropagationRetry(0)).get()

    def log_group(self, name: str) -> LogGroup | None:
        """By DescribeLogGroups, so that an account's policy is reckoned in."""
        pages = self._client("logs").get_paginator("describe_log_groups")
        found = (
            one for page in pages.paginate(logGroupNamePrefix=name) for one in page["logGroups"]
        )
        return next((read_log_group(one) for one in found if one["logGroupName"] == name), None)

    def bucket(self, name: str) -> Bucket | None:
        s3 = self._client("s3")
        nothing: dict[str, Any] = {}
        try:
            versioning = s3.get_bucket_versioning(Bucket=name)
        except ClientError as error:
            if _code(error) == "NoSuchBucket":
                return None
            raise
        rules = _unless(
            "NoSuchLifecycleConfiguration",
            lambda: s3.get_bucket_lifecycle_configuration(Bucket=name),
        )
        lock = _unless(
            "ObjectLockConfigurationNotFoundError",
            lambda: s3.get_object_lock_configuration(Bucket=name),
        )
        return read_bucket(rules or nothing, versioning, lock or nothing)

    def bucket_policy(self, name: str) -> Mapping[str, Any] | None:
        s3 = self._client("s3")
        answer = _unless("NoSuchBucketPolicy", lambda: s3.get_bucket_policy(Bucket=name))
        policy: Mapping[str, Any] | None = json.loads(answer["Policy"]) if answer else None
        return policy

    def key(self, arn: str) -> Key | None:
        kms = self._client("kms")
        answer = _unless("NotFoundException", lambda: kms.describe_key(KeyId=arn))
        return read_key(answer["KeyMetadata"]) if answer else None

    def _client(self, service: str) -> Client:
        make: Any = boto3.client
        return make(service, region_name=self._region, config=ONE_CALL)


def _unless(absent: str, ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The answer; None where AWS says by the error `absent` that there is none."""
    try:
        return ask()
    except ClientError as error:
        if _code(error) == absent:
            return None
        raise


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
