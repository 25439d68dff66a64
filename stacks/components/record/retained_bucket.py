"""The buckets of the stage: private, versioned, over TLS, emptied by their own rules."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.removal_policy import removal_policy

# A call's record and its large bodies may fall on either side of a midnight, and delivery may lag
# over a weekend: none of them may go while another is still due.
MARGIN_DAYS = 5
UNFINISHED_UPLOAD_DAYS = 7


def retained_bucket(
    scope: Construct,
    *,
    retention_days: int,
    retain: bool,
    key: kms.IKey | None = None,
    bucket_key: bool | None = None,
    object_lock: s3.ObjectLockRetention | None = None,
) -> s3.Bucket:
    """Create the bucket of `scope`, whose objects live `retention_days`. S3 encrypts by `key`, or
    by its own; with `object_lock`, each version is locked for its time."""
    bucket = s3.Bucket(
        scope,
        "Bucket",
        encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=key,
        bucket_key_enabled=bucket_key,
        versioned=True,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        lifecycle_rules=_lifecycle(retention_days),
        object_lock_enabled=True if object_lock else None,
        object_lock_default_retention=object_lock,
        removal_policy=removal_policy(retain=retain),
    )
    if retain and bucket.policy:
        # Else a bucket that outlives its stack takes plain HTTP, and its evidence can be
        # overwritten.
        bucket.policy.apply_removal_policy(removal_policy(retain=True))
    return bucket


def _lifecycle(retention_days: int) -> list[s3.LifecycleRule]:
    """Return the rules of a bucket whose objects, and then their noncurrent versions, have to
    outlive that many days."""
    lifetime = cdk.Duration.days(retention_days + MARGIN_DAYS)
    return [
        s3.LifecycleRule(
            id="RecordsAndLargeBodies",
            expiration=lifetime,
            noncurrent_version_expiration=lifetime,
            abort_incomplete_multipart_upload_after=cdk.Duration.days(UNFINISHED_UPLOAD_DAYS),
        ),
        s3.LifecycleRule(id="DeleteMarkers", expired_object_delete_marker=True),
    ]
