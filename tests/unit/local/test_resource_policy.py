"""The local API's resource policy: who is refused by address, before an authorizer runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.api_gateway.definition import Api, Authorizer, Integration, Method
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError
from local.api_gateway.resource_policy import UnsupportedPolicyError, check
from local.api_gateway.routing import Match

OPEN = ("execute-api:/dev/GET/health", "execute-api:/dev/HEAD/")
ADDRESSES = st.ip_addresses(v=4)


def policy(*networks: str, vpc_endpoints: Sequence[str] = ()) -> Mapping[str, Any]:
    # It imports the CDK, which takes a second in each process that collects tests.
    from stacks.components.api.allowed_networks import resource_policy  # noqa: PLC0415

    document: Mapping[str, Any] = resource_policy(networks, OPEN, vpc_endpoints).to_json()
    return document


def is_admitted(
    rules: Mapping[str, Any] | None,
    address: str,
    verb: str = "POST",
    path: str = "/v1/messages",
    *,
    host: str = "host",
    vpc_endpoints: tuple[str, ...] = (),
) -> bool:
    authorizer = None if path == "/health" else Authorizer("authorizer", None, ())
    method = Method(verb, path, "r1", Integration("function", True, 29.0), authorizer)
    exchange = Exchange(verb, path, "", [], address, host, "HTTP/1.1", "https")
    api = Api("a1", "dev", "1", "us-east-1", (), {}, "AUTHORIZER", None, False, (), {}, rules)
    api = replace(api, vpc_endpoints=vpc_endpoints)
    try:
        check(exchange, Match(method, {}), api)
    except RefusedError as refused:
        assert refused.kind == "ACCESS_DENIED"
        return False
    return True


@given(st.lists(ADDRESSES, min_size=1, max_size=3), st.integers(8, 32), ADDRESSES)
def test_an_address_is_admitted_by_its_networks_alone(
    networks: list[IPv4Address], length: int, address: IPv4Address
) -> None:
    allowed = [IPv4Network((network, length), strict=False) for network in networks]
    expected = any(address in network for network in allowed)
    rules = policy(*map(str, allowed))
    assert is_admitted(rules, str(address)) is expected
    assert is_admitted(rules, str(address), "GET", "/health") is expected


def test_an_open_method_needs_the_policy_to_allow_it() -> None:
    assert is_admitted(policy("127.0.0.0/8"), "127.0.0.1", "GET", "/health")
    assert not is_admitted(policy("127.0.0.0/8"), "127.0.0.1", "POST", "/health")
    assert is_admitted(None, "192.0.2.1", "GET", "/health")


@pytest.mark.parametrize("path", ["/v1/messages", "/health"])
def test_a_private_api_answers_through_its_vpc_endpoints_alone(path: str) -> None:
    own = ("vpce-0a", "vpce-0b")
    rules = policy("127.0.0.0/8", vpc_endpoints=own)
    verb = "GET" if path == "/health" else "POST"

    def is_admitted_by(host: str, address: str = "127.0.0.1") -> bool:
        return is_admitted(rules, address, verb, path, host=host, vpc_endpoints=own)

    assert is_admitted_by("a1-vpce-0b.execute-api.us-east-1.amazonaws.com")
    assert is_admitted_by("localhost:4566")
    assert not is_admitted_by("a1-vpce-0c.execute-api.us-east-1.amazonaws.com")
    assert not is_admitted_by("localhost:4566", "192.0.2.1")


def test_what_is_not_evaluated_is_named() -> None:
    statement = {**policy("127.0.0.0/8")["Statement"][1], "Condition": {"Bool": {"aws:x": "1"}}}
    with pytest.raises(UnsupportedPolicyError, match="Bool"):
        is_admitted({"Statement": [statement]}, "127.0.0.1")
