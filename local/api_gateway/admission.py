"""The admission of a request: the key is known and enabled, and neither throttle nor quota is used
up.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

from collections.abc import Callable

from local.api_gateway.definition import Api, KeyRing, Method, Plan
from local.api_gateway.exchange import Exchange
from local.api_gateway.limits import Quotas, Throttles
from local.api_gateway.refusals import RefusedError

Count = Callable[[str, str], None]
"""Told the usage plan's id and the key's, of each request that a key made."""


def uncounted(_plan_id: str, _key_id: str) -> None:
    """Count nothing."""


class Admission:
    """Counts the requests it lets through, and tells `count` of them."""

    def __init__(self, count: Count = uncounted, throttles: Throttles | None = None) -> None:
        self._count = count
        self._throttles = throttles or Throttles()
        self._quotas = Quotas()

    def admit(self, exchange: Exchange, method: Method, api: Api, ring: KeyRing) -> None:
        """Raise RefusedError. `exchange.api_key` holds the value to be judged, `api_key_id` the
        key's id afterwards, which a disabled key has too."""
        plan = self._plan(exchange, ring) if method.key_required else None
        name = (api.id, api.stage, method.resource, method.verb)
        if not self._throttles.allow(name, method.throttle):
            raise RefusedError("THROTTLED")
        if plan is not None:
            self._spend(plan, exchange.api_key_id or "")

    def _plan(self, exchange: Exchange, ring: KeyRing) -> Plan:
        key = ring.keys.get(exchange.api_key or "")
        if key is None:
            raise RefusedError("INVALID_API_KEY")
        exchange.api_key_id = key.id
        plan = ring.plans.get(key.id)
        if plan is None or not key.enabled:
            raise RefusedError("INVALID_API_KEY")
        return plan

    def _spend(self, plan: Plan, key_id: str) -> None:
        if not self._throttles.allow((plan.id, key_id), plan.throttle):
            raise RefusedError("THROTTLED")
        if not self._quotas.allow((plan.id, key_id), plan.quota):
            raise RefusedError("QUOTA_EXCEEDED")
        self._count(plan.id, key_id)
