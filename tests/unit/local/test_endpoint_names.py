"""Under which names and paths the local API answers: API Gateway's, and a domain of its own."""

from __future__ import annotations

import pytest

from local.api_gateway.app import is_served
from local.api_gateway.definition import Api
from local.api_gateway.exchange import Exchange

DOMAIN = "claude.example.com"


def served(host: str, path: str, domain: str, *, has_execute_api: bool = True) -> str | None:
    """The path as requested, from which the stage is taken: `prefix|path`; None for no stage."""
    api = Api(
        *("a1", "dev", "1", "us-east-1", (), {}, "AUTHORIZER", None, False, (), {}),
        domain=domain,
        has_execute_api=has_execute_api,
    )
    exchange = Exchange("GET", path, "", [], "127.0.0.1", host, "HTTP/1.1", "https")
    return f"{exchange.prefix}|{exchange.path}" if is_served(exchange, api) else None


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("localhost:8443", "/dev/health", "/dev|/health"),
        ("id.execute-api.us-east-1.amazonaws.com", "/dev/health", "/dev|/health"),
        (f"{DOMAIN}:443", "/health", "|/health"),
        (DOMAIN.upper(), "/dev/health", "|/dev/health"),
        ("localhost", "/health", "|/health"),
        ("id.execute-api.us-east-1.amazonaws.com", "/health", None),
    ],
)
def test_the_root_of_the_domain_is_the_stage(host: str, path: str, expected: str | None) -> None:
    assert served(host, path, DOMAIN) == expected


def test_without_a_domain_the_stage_is_in_the_path() -> None:
    assert served("localhost", "/dev/health", "") == "/dev|/health"
    assert served("localhost", "/health", "") is None


def test_api_gateways_own_name_can_be_off() -> None:
    own = "id.execute-api.us-east-1.amazonaws.com"
    assert served(own, "/dev/health", DOMAIN, has_execute_api=False) is None
    assert served("localhost", "/health", DOMAIN, has_execute_api=False) == "|/health"
