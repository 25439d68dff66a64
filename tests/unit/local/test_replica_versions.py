"""A replica of the embedded AWS has its object's version id, as on AWS."""

from typing import Any

import pytest
from ministack.services import s3  # type: ignore[import-untyped]

from local.embedded import replica_versions


def test_an_object_and_its_replica_have_one_version_id(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_record_object_version", "new_uuid"):
        monkeypatch.setattr(s3, name, getattr(s3, name))
    for name in ("_object_versions", "_bucket_versioning"):
        monkeypatch.setattr(s3, name, {})
    s3._bucket_versioning.update({"logs": "Enabled", "archive": "Enabled"})
    replica_versions.add()
    items: list[dict[str, Any]] = [s3._build_object_record(b"a", {}) for _ in range(3)]
    replica, item, other = items

    version = s3._record_object_version("archive", "key", None, replica, b"a")
    item["_replica"] = ("archive", version, "999999999999")

    assert s3._record_object_version("logs", "key", None, item, b"a") == version
    assert s3._record_object_version("logs", "key", item, other, b"a") != version
