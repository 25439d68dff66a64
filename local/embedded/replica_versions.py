"""Version ids of replicas: S3 gives a replica that of its object, and MiniStack one of its own.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from ministack.services import s3  # type: ignore[import-untyped]

_OF_REPLICA: Final[ContextVar[str]] = ContextVar("of_replica", default="")

Record = Callable[[str, str, Any, dict[str, Any], Any], str | None]


def add() -> None:
    """Put it in; before MiniStack starts."""
    s3._record_object_version = _with_replica_version(s3._record_object_version)
    s3.new_uuid = _reserved_or(s3.new_uuid)


def _with_replica_version(original: Record) -> Record:
    """MiniStack writes the replica before it names the object's version: that gets the replica's
    id."""

    def record_object_version(
        bucket: str,
        key: str,
        previous: Any,  # noqa: ANN401 - MiniStack's own
        item: dict[str, Any],
        data: Any,  # noqa: ANN401 - as above
    ) -> str | None:
        _, version, _ = item.get("_replica") or ("", "", "")
        token = _OF_REPLICA.set(version or "")
        try:
            return original(bucket, key, previous, item, data)
        finally:
            _OF_REPLICA.reset(token)

    return record_object_version


def _reserved_or(original: Callable[[], str]) -> Callable[[], str]:
    def new_uuid() -> str:
        return _OF_REPLICA.get() or original()

    return new_uuid
