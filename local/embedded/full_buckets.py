"""A bucket with objects, which S3 does not delete and MiniStack's CloudFormation does.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ministack.services import s3  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

TYPE: Final = "AWS::S3::Bucket"

Delete = Callable[[str, Mapping[str, Any]], None]


def add() -> None:
    """Have its deletion fail; before MiniStack starts."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE]
    handlers["delete"] = _unless_full(handlers["delete"])


def _unless_full(delete: Delete) -> Delete:
    def delete_bucket(name: str, properties: Mapping[str, Any]) -> None:
        bucket = s3._buckets.get(name)
        if bucket and (bucket["objects"] or s3._bucket_has_versions(name)):
            raise ValueError("The bucket you tried to delete is not empty")
        delete(name, properties)

    return delete_bucket
