"""An API with the access mode STRICT keeps its endpoint type."""

from __future__ import annotations

from typing import Any

import pytest
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from local.embedded import endpoint_types


def api(type_: str, mode: str) -> dict[str, Any]:
    return {"EndpointConfiguration": {"Types": [type_]}, "EndpointAccessMode": mode}


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    handlers: dict[str, Any] = {"update": lambda *_, **__: ("id", {})}
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, endpoint_types.TYPE, handlers)
    endpoint_types.add()
    return handlers


def test_a_strict_api_keeps_its_endpoint_type(handlers: dict[str, Any]) -> None:
    public, private = api("REGIONAL", "STRICT"), api("PRIVATE", "BASIC")

    with pytest.raises(ValueError, match="first change the endpoint access mode to BASIC"):
        handlers["update"]("id", public, private, "stack", logical_id="Api")
    for old, new in ((private, public), (api("REGIONAL", "BASIC"), private), (public, public)):
        assert handlers["update"]("id", old, new, "stack", logical_id="Api") == ("id", {})
