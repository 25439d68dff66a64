"""Who may pass."""

from dataclasses import replace

import pytest

from local.api_gateway.admission import Admission
from local.api_gateway.definition import Api, Key, KeyRing, Method, Plan, Quota, Throttle
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError

ON, OFF, PLANLESS = Key("k1", "on", True), Key("k2", "off", False), Key("k3", "planless", True)


def ring(plan: Plan) -> KeyRing:
    keys = {key.value: key for key in (ON, OFF, PLANLESS)}
    return KeyRing(keys, {"k1": plan, "k2": plan})


FREE = ring(Plan("p", None, None))


def refused(
    exchange: Exchange, method: Method, api: Api, keys: KeyRing, admission: Admission
) -> str:
    with pytest.raises(RefusedError) as caught:
        admission.admit(exchange, method, api, keys)
    return caught.value.kind


def test_a_key_with_a_plan_passes_and_is_named(
    exchange: Exchange, method: Method, api: Api
) -> None:
    exchange.api_key = "on"

    Admission().admit(exchange, method, api, FREE)

    assert exchange.api_key_id == "k1"


@pytest.mark.parametrize("value", [None, "", "unknown", "off", "planless"])
def test_no_other_key_passes(
    exchange: Exchange, method: Method, api: Api, value: str | None
) -> None:
    exchange.api_key = value

    assert refused(exchange, method, api, FREE, Admission()) == "INVALID_API_KEY"


def test_an_open_method_needs_no_key(exchange: Exchange, method: Method, api: Api) -> None:
    Admission().admit(exchange, replace(method, key_required=False), api, FREE)

    assert exchange.api_key_id is None


def test_a_key_past_its_plans_throttle_is_throttled(
    exchange: Exchange, method: Method, api: Api
) -> None:
    exchange.api_key, admission = "on", Admission()
    slow = ring(Plan("p", Throttle(0.001, 1), None))
    admission.admit(exchange, method, api, slow)

    assert refused(exchange, method, api, slow, admission) == "THROTTLED"


def test_a_key_past_its_plans_quota_has_exceeded_it(
    exchange: Exchange, method: Method, api: Api
) -> None:
    exchange.api_key, admission = "on", Admission()
    scarce = ring(Plan("p", None, Quota(1, "MONTH")))
    admission.admit(exchange, method, api, scarce)

    assert refused(exchange, method, api, scarce, admission) == "QUOTA_EXCEEDED"


def test_the_stages_throttle_holds_for_open_methods_too(
    exchange: Exchange, method: Method, api: Api
) -> None:
    admission = Admission()
    slow = replace(method, key_required=False, throttle=Throttle(0.001, 1))
    admission.admit(exchange, slow, api, FREE)

    assert refused(exchange, slow, api, FREE, admission) == "THROTTLED"
