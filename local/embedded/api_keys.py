"""Additions to MiniStack's API Gateway for keys: tags that they were given later, and GetUsage."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ministack.core.responses import get_region  # type: ignore[import-untyped]
from ministack.services import apigateway_v1  # type: ignore[import-untyped]

from local.api_gateway.limits import period_start
from local.aws.key_usage import KeyUsage

Reply = tuple[int, dict[str, str], bytes]
Query = Mapping[str, Any]
Handler = Callable[[str, str, Mapping[str, str], bytes, Query], Awaitable[Reply]]


def add(usage: KeyUsage) -> None:
    """Put it before MiniStack's own answers; before MiniStack starts."""
    original: Handler = apigateway_v1.handle_request

    async def handle_request(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Query
    ) -> Reply:
        match [method, *path.strip("/").split("/")]:
            case ["GET", "usageplans", plan_id, "usage"]:
                reply = await original(method, f"/usageplans/{plan_id}", headers, b"", {})
                return _usage(reply, query, usage)
            case ["GET", "apikeys", *_]:
                return await _tagged(await original(method, path, headers, body, query), original)
        return await original(method, path, headers, body, query)

    apigateway_v1.handle_request = handle_request


async def _tagged(reply: Reply, original: Handler) -> Reply:
    """Return a key, or a list of them, with the tags of TagResource beside those of
    CreateApiKey."""
    status, headers, body = reply
    if status != 200:
        return reply
    content = json.loads(body)
    for key in content.get("item", [content] if "id" in content else []):
        arn = f"arn:aws:apigateway:{get_region()}::/apikeys/{key['id']}"
        later = json.loads((await original("GET", f"/tags/{arn}", {}, b"", {}))[2])["tags"]
        key["tags"] = {**key["tags"], **later}
    return status, headers, json.dumps(content).encode()


def _usage(plan: Reply, query: Query, usage: KeyUsage) -> Reply:
    """[used, left] for each day of the interval. What AWS says is left where there is no quota is
    not documented: nothing is said of it here.
    https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html
    """
    status, headers, body = plan
    if status != 200:
        return plan
    content = json.loads(body)
    start, end, key_id = (_parameter(query, name) for name in ("startDate", "endDate", "keyId"))
    used = usage.by_day(content["id"], key_id)
    first = date.fromisoformat(start)
    days = [first + timedelta(n) for n in range((date.fromisoformat(end) - first).days + 1)]
    values = [[used[day], *_left(used, day, content.get("quota"))] for day in days]
    about = {"usagePlanId": content["id"], "startDate": start, "endDate": end}
    return status, headers, json.dumps({**about, "values": {key_id: values}}).encode()


def _left(used: Counter[date], day: date, quota: Mapping[str, Any] | None) -> list[int]:
    if not quota:
        return []
    began = period_start(datetime.combine(day, time.min, UTC), quota["period"]).date()
    spent = sum(count for used_day, count in used.items() if began <= used_day <= day)
    return [max(0, int(quota["limit"]) - spent)]


def _parameter(query: Query, name: str) -> str:
    """MiniStack hands a parameter over as a list or as text."""
    value = query[name]
    return str(value if isinstance(value, str) else value[0])
