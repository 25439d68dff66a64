"""A bucket's default encryption, replication and Object Lock, properties that MiniStack's
CloudFormation drops and its S3 has. Its S3 replicates at once, also into a bucket of another
account whose policy allows the role; it does not ask the archive's key.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from ministack.services import s3  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"

Properties = Mapping[str, Any]


def add() -> None:
    """Teach MiniStack the properties; before it starts."""
    provisioners._S3_BUCKET_CONFIGURATIONS = (
        *provisioners._S3_BUCKET_CONFIGURATIONS,
        ("BucketEncryption", _encryption, s3._put_bucket_encryption, s3._delete_bucket_encryption),
        (
            "ReplicationConfiguration",
            replication,
            s3._put_bucket_replication,
            s3._delete_bucket_replication,
        ),
        ("ObjectLockConfiguration", _lock, s3._put_object_lock_configuration, _keep_lock),
    )


def _encryption(properties: Properties) -> bytes:
    rules = [
        _element(
            "Rule",
            _element("ApplyServerSideEncryptionByDefault", _default(rule))
            + _element("BucketKeyEnabled", str(rule.get("BucketKeyEnabled", False)).lower()),
        )
        for rule in properties["ServerSideEncryptionConfiguration"]
    ]
    name = "ServerSideEncryptionConfiguration"
    return f'<{name} xmlns="{_NAMESPACE}">{"".join(rules)}</{name}>'.encode()


def replication(properties: Properties) -> bytes:
    """Return the property as S3's API takes it: the names are the same, but for the rule's id."""
    rules = [
        _element("Rule", _element("ID", escape(rule["Id"])) + _members(rule))
        for rule in properties["Rules"]
    ]
    role = _element("Role", escape(properties["Role"]))
    name = "ReplicationConfiguration"
    return f'<{name} xmlns="{_NAMESPACE}">{role}{"".join(rules)}</{name}>'.encode()


def _lock(properties: Properties) -> bytes:
    name = "ObjectLockConfiguration"
    return f'<{name} xmlns="{_NAMESPACE}">{_members(properties)}</{name}>'.encode()


def _keep_lock(_bucket: str) -> None:
    """Do nothing: a bucket keeps Object Lock for good.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html"""


def _members(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(
            _element(name, _members(member)) for name, member in value.items() if name != "Id"
        )
    return escape(str(value))


def _default(rule: Properties) -> str:
    """SSE-KMS without a key of its own is the AWS managed key, for which nobody needs a permission
    here: the bucket stays as a bucket is that says nothing."""
    default = rule["ServerSideEncryptionByDefault"]
    key = default.get("KMSMasterKeyID")
    if key is None:
        return _element("SSEAlgorithm", "AES256")
    algorithm = _element("SSEAlgorithm", escape(default["SSEAlgorithm"]))
    return algorithm + _element("KMSMasterKeyID", escape(key))


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"
