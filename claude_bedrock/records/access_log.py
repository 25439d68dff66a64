"""Requests in API Gateway's access log: a witness that is neither the gateway's nor Bedrock's."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""


def find_requests(
    logs: Client, group: str, ids: Collection[str], since: datetime, until: datetime
) -> Mapping[str, str]:
    """Return a sentence on each of the request ids of API Gateway, by what the log group holds
    between the two times (UTC). It says so where that cannot be read. Raises botocore's errors but
    those that AWS answers with."""
    try:
        statuses = dict(_statuses(logs, group, ids, since, until))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return dict.fromkeys(ids, f"API Gateway's access log could not be read ({code})")
    return {id_: _sentence(id_, statuses.get(id_)) for id_ in ids}


def _statuses(
    logs: Client, group: str, ids: Collection[str], since: datetime, until: datetime
) -> Iterator[tuple[str, str]]:
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        startTime=int(since.timestamp() * 1000),
        endTime=int(until.timestamp() * 1000),
    )
    for event in (event for page in pages for event in page["events"]):
        try:
            entry = json.loads(event["message"])
        except ValueError:
            continue  # the access log is a witness of single requests, and is not counted
        if isinstance(entry, dict) and entry.get("requestId") in ids:
            yield entry["requestId"], str(entry.get("status", "no status"))


def _sentence(request_id: str, status: str | None) -> str:
    if status is None:
        return f"API Gateway's access log has no request {request_id}"
    return f"API Gateway answered its request {request_id} with {status}"
