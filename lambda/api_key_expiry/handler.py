"""The scheduled disabling of expired API keys, by their tag; other keys are never touched."""

import logging
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import boto3

EXPIRES_TAG: Final = "claude-on-bedrock:expires"
"""Its value is a time as ISO 8601 with a zone, `2026-11-25T16:00:00Z`."""
_OFF: Final = {"op": "replace", "path": "/enabled", "value": "false"}
_log: Final = logging.getLogger(__name__)
_log.setLevel(logging.INFO)


class UnreadableEndError(Exception):
    """Keys have a tag that is no time; the message names them. All others were looked at."""


class ApiGateway(Protocol):
    """What this needs of boto3's `apigateway` client."""

    def get_paginator(self, operation: str, /) -> Any: ...  # noqa: ANN401 - made at run time
    def update_api_key(self, **request: object) -> object: ...


def handle(_event: object, _context: object) -> None:
    """Switch off what has ended by now. Raises UnreadableEndError and botocore's errors, so that
    the function's failures are counted."""
    client: Any = boto3.client("apigateway")
    switch_off(client, os.environ["KEY_NAME_PREFIX"], datetime.now(UTC))


def switch_off(client: ApiGateway, prefix: str, now: datetime) -> None:
    """Disable the keys whose names begin with `prefix` and whose end is at `now` or before."""
    unreadable = []
    for key in _with_end(client, prefix):
        try:
            ended = datetime.fromisoformat(key["tags"][EXPIRES_TAG]) <= now
        except (ValueError, TypeError):  # no time, or one without a zone
            unreadable.append(key["id"])
            continue
        if ended:
            client.update_api_key(apiKey=key["id"], patchOperations=[_OFF])
            _log.info("switched off %s, %s", key["id"], key["name"])
    if unreadable:
        raise UnreadableEndError(f"{EXPIRES_TAG} is no time on {', '.join(unreadable)}")


def _with_end(client: ApiGateway, prefix: str) -> Iterator[Mapping[str, Any]]:
    """Yield keys that are switched on and have an end; their values are not asked for."""
    pages = client.get_paginator("get_api_keys").paginate(nameQuery=prefix, includeValues=False)
    for page in pages:
        for key in page["items"]:
            if key["enabled"] and EXPIRES_TAG in key.get("tags", {}):
                yield key
