"""Throttle and quota let exactly as many through as they say, however many ask at once."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, cast

import httpx2
import pytest

from local.api_gateway.admission import Admission
from local.api_gateway.app import LocalApiGateway
from local.api_gateway.authorizer import Invoked
from local.api_gateway.definition import (
    Api,
    GatewayResponse,
    Integration,
    Key,
    KeyRing,
    Method,
    Plan,
    Quota,
    Throttle,
)
from local.api_gateway.limits import Throttles
from local.bedrock.server import serve

CALLERS, CALLS = 32, 300
ERROR_TYPE = GatewayResponse(None, {}, {"application/json": '"$context.error.responseType"'})
API = Api(
    id="a1",
    stage="test",
    account="123456789012",
    region="us-east-1",
    methods=(
        Method("ANY", "/{proxy+}", "r", Integration("whole", False, 29.0), key_required=True),
    ),
    responses=dict.fromkeys(("THROTTLED", "QUOTA_EXCEEDED"), ERROR_TYPE),
    key_source="HEADER",
    access_log=None,
    traced=False,
    binary_types=(),
    variables={},
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Deployed(NamedTuple):
    """Two keys, each with these limits of its own."""

    plan: Plan
    method_throttle: Throttle | None

    def api(self) -> Api:
        return replace(API, methods=(replace(API.methods[0], throttle=self.method_throttle),))

    def keys(self) -> KeyRing:
        keys = {value: Key(value, value, True) for value in ("one", "two")}
        return KeyRing(keys, dict.fromkeys(keys, self.plan))


async def answer(_function: str, _event: Mapping[str, Any]) -> Invoked:
    return Invoked(b'{"statusCode": 200, "body": "\\"PASSED\\""}', failed=False)


def passed(
    *seconds: float, plan: Plan, method: Throttle | None = None, keys: tuple[str, ...] = ("one",)
) -> list[Counter[str]]:
    """What CALLS calls of each key, CALLERS at a time, are told at each of these moments."""

    async def main() -> list[Counter[str]]:
        clock = Clock()
        front = LocalApiGateway(
            cast("Any", Deployed(plan, method)),
            streaming=cast("Any", None),
            invoke=answer,
            logs=cast("Any", None),
            admission=Admission(throttles=Throttles(clock)),
        )
        counts = []
        async with serve(front) as port, httpx2.AsyncClient(trust_env=False) as client:
            for clock.now in seconds:
                counts.append(
                    await count_responses(client, f"http://127.0.0.1:{port}/test/x", keys)
                )
        return counts

    return asyncio.run(main())


async def count_responses(
    client: httpx2.AsyncClient, url: str, keys: tuple[str, ...]
) -> Counter[str]:
    calls, counts = iter([key for key in keys for _ in range(CALLS)]), Counter[str]()

    async def call() -> None:
        for key in calls:
            counts[(await client.get(url, headers={"x-api-key": key})).json()] += 1

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return counts


@pytest.mark.parametrize("keys", [("one",), ("one", "two")])
def test_a_key_gets_its_burst_then_what_its_rate_has_refilled(keys: tuple[str, ...]) -> None:
    plan = Plan("p", Throttle(rate=10.0, burst=50), None)

    at_once, after_three, after_an_hour = passed(0.0, 3.0, 3600.0, plan=plan, keys=keys)

    key_count = len(keys)
    assert at_once == {"PASSED": 50 * key_count, "THROTTLED": (CALLS - 50) * key_count}
    assert after_three == {"PASSED": 30 * key_count, "THROTTLED": (CALLS - 30) * key_count}
    assert after_an_hour == at_once


def test_a_methods_throttle_holds_for_all_keys_together() -> None:
    (at_once,) = passed(
        0.0, plan=Plan("p", None, None), method=Throttle(1.0, 40), keys=("one", "two")
    )

    assert at_once == {"PASSED": 40, "THROTTLED": 2 * CALLS - 40}


def test_a_quota_counts_what_passed_and_not_what_was_throttled() -> None:
    plan = Plan("p", Throttle(rate=10.0, burst=50), Quota(limit=70, period="MONTH"))

    at_once, after_three, later = passed(0.0, 3.0, 6.0, plan=plan)

    assert at_once == {"PASSED": 50, "THROTTLED": CALLS - 50}
    assert after_three == {"PASSED": 20, "QUOTA_EXCEEDED": 10, "THROTTLED": CALLS - 30}
    assert later == {"QUOTA_EXCEEDED": 30, "THROTTLED": CALLS - 30}
