"""A stack deletes an empty bucket only."""

from __future__ import annotations

from typing import Any

import pytest
from ministack.services import s3  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from local.embedded import full_buckets


@pytest.mark.parametrize(
    ("objects", "versions"), [({"key": b""}, {}), ({}, {("records", "key"): [{"version_id": "1"}]})]
)
def test_a_bucket_with_objects_or_versions_stays(
    monkeypatch: pytest.MonkeyPatch, objects: dict[str, Any], versions: dict[Any, Any]
) -> None:
    deleted: list[str] = []
    handlers = {"delete": lambda name, _: deleted.append(name)}
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, full_buckets.TYPE, handlers)
    full_buckets.add()
    monkeypatch.setattr(s3, "_buckets", {"records": {"objects": objects}})
    monkeypatch.setattr(s3, "_object_versions", versions)

    with pytest.raises(ValueError, match=r"^The bucket you tried to delete is not empty$"):
        handlers["delete"]("records", {})
    assert deleted == []

    objects.clear()
    versions.clear()
    handlers["delete"]("records", {})
    assert deleted == ["records"]
