"""Replication of the log bucket into an archive bucket of another account."""

from __future__ import annotations

from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.iam.permission import Permission, acknowledge_wildcards

RULE = "Archive"
ROLE = "replication"
"""What the name of the role ends in with which S3 replicates."""
_KEY_USE = ("kms:Encrypt", "kms:GenerateDataKey", "kms:Decrypt")
"""What encrypts replicas, by a bucket key too: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html"""
_WRITE_REPLICAS = (
    *("s3:ReplicateObject", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner"),
)


class ArchiveLocation(NamedTuple):
    """A bucket of another account, and the ARN of the key that encrypts what is in it."""

    bucket: str
    account: str
    key: str

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:::{self.bucket}"

    @property
    def region(self) -> str:
        """The bucket's, which its key has to be of."""
        return self.key.split(":")[3]


class ArchiveReplication(Construct):
    """A rule of `bucket` that replicates every new object to the archive, whose account then owns
    the replica; and the role by which S3 does so. Delete markers stay behind, and S3 never
    replicates the deletion of a version.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-walkthrough-2.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.Bucket,
        key: kms.IKey,
        archive: ArchiveLocation,
        role_name: str,
        role_arn: str,
        object_lock: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self._archive = archive
        self._role_arn = role_arn
        # No condition on the source: AWS's page of this trust has none. Who may set the rule needs
        # iam:PassRole. https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
        self.role = iam.Role(
            self,
            "Role",
            role_name=role_name,
            assumed_by=iam.ServicePrincipal("s3.amazonaws.com"),
            description="S3 replicates the log bucket into the archive as this role",
        )
        permissions = [
            *_read_permissions(bucket, key, cdk.Stack.of(self).region, object_lock=object_lock),
            *_write_permissions(archive),
        ]
        for permission in permissions:
            self.role.add_to_policy(permission.statement())
        acknowledge_wildcards(self, permissions)
        self._add_rule(bucket)

    def _add_rule(self, bucket: s3.Bucket) -> None:
        resource = bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)  # noqa: S101 - for mypy
        enabled = "Enabled"
        rule = s3.CfnBucket.ReplicationRuleProperty(
            id=RULE,
            priority=1,
            status=enabled,
            filter=s3.CfnBucket.ReplicationRuleFilterProperty(prefix=""),
            delete_marker_replication=s3.CfnBucket.DeleteMarkerReplicationProperty(
                status="Disabled"
            ),
            source_selection_criteria=s3.CfnBucket.SourceSelectionCriteriaProperty(
                sse_kms_encrypted_objects=s3.CfnBucket.SseKmsEncryptedObjectsProperty(
                    status=enabled
                )
            ),
            destination=s3.CfnBucket.ReplicationDestinationProperty(
                bucket=self._archive.arn,
                account=self._archive.account,
                access_control_translation=s3.CfnBucket.AccessControlTranslationProperty(
                    owner="Destination"
                ),
                encryption_configuration=s3.CfnBucket.EncryptionConfigurationProperty(
                    replica_kms_key_id=self._archive.key
                ),
                metrics=s3.CfnBucket.MetricsProperty(status=enabled),
            ),
        )
        resource.replication_configuration = s3.CfnBucket.ReplicationConfigurationProperty(
            role=self.role.role_arn, rules=[rule]
        )

    def bucket_statement(self) -> str:
        """Return the statement that the policy of the archive's bucket needs, as JSON."""
        return self._statement("AllowReplicas", _WRITE_REPLICAS, f"{self._archive.arn}/*")

    def key_statement(self) -> str:
        """Return the statement that the policy of the archive's key needs, as JSON."""
        return self._statement("AllowEncryptionOfReplicas", _KEY_USE, "*")

    def _statement(self, sid: str, actions: tuple[str, ...], resource: str) -> str:
        stack = cdk.Stack.of(self)
        statement = {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"AWS": self._role_arn},
            "Action": list(actions),
            "Resource": resource,
        }
        return stack.to_json_string(statement)


def _read_permissions(
    bucket: s3.IBucket, key: kms.IKey, region: str, *, object_lock: bool
) -> list[Permission]:
    locks = ("s3:GetObjectRetention", "s3:GetObjectLegalHold") if object_lock else ()
    return [
        Permission(
            "ReadReplicationRule",
            ("s3:GetReplicationConfiguration", "s3:ListBucket"),
            [bucket.bucket_arn],
        ),
        Permission(
            "ReadObjectVersionsToReplicate",
            (
                *("s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl"),
                *("s3:GetObjectVersionTagging", *locks),
            ),
            [f"{bucket.bucket_arn}/*"],
            reason="every object is replicated, and Bedrock names those of records",
        ),
        Permission(
            "DecryptObjectsToReplicate",
            ("kms:Decrypt",),
            [key.key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
        ),
    ]


def _write_permissions(archive: ArchiveLocation) -> list[Permission]:
    return [
        Permission(
            "WriteReplicas",
            _WRITE_REPLICAS,
            [f"{archive.arn}/*"],
            reason="a replica has the name of its object, which Bedrock chooses",
        ),
        Permission(
            "EncryptReplicas",
            _KEY_USE,
            [archive.key],
            conditions={"StringEquals": {"kms:ViaService": f"s3.{archive.region}.amazonaws.com"}},
        ),
    ]
