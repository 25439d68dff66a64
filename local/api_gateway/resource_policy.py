"""The resource policy of an API, as far as the project's own go: by the caller's address.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

import fnmatch
from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any, Final

from local.api_gateway.definition import Api
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError
from local.api_gateway.routing import Match

_INSIDE: Final = {"IpAddress": True, "NotIpAddress": False}


class UnsupportedPolicyError(Exception):
    """The policy has something that is not evaluated here; the text names it."""


def check(exchange: Exchange, match: Match, api: Api) -> None:
    """Raise RefusedError where the API's policy denies the request, or where it does not allow a
    method that asks nobody else."""
    if api.policy is None:
        return
    path = f"{api.stage}/{exchange.verb}{exchange.path}"
    matching = [
        statement["Effect"]
        for statement in _list(api.policy["Statement"])
        if _applies(statement, f"execute-api:/{path}", exchange.source_ip)
    ]
    method = match.method
    is_open = method.authorizer is None and not method.signed
    if "Deny" in matching or (is_open and "Allow" not in matching):
        raise RefusedError("ACCESS_DENIED")


def _applies(statement: Mapping[str, Any], resource: str, address: str) -> bool:
    if statement["Principal"] not in ("*", {"AWS": "*"}):
        raise UnsupportedPolicyError(f"principal {statement['Principal']}")
    patterns = [_short(pattern) for pattern in _list(statement["Resource"])]
    return any(fnmatch.fnmatchcase(resource, pattern) for pattern in patterns) and all(
        _holds(operator, keys, address) for operator, keys in statement.get("Condition", {}).items()
    )


def _holds(operator: str, keys: Mapping[str, Any], address: str) -> bool:
    if operator not in _INSIDE or set(keys) != {"aws:SourceIp"}:
        raise UnsupportedPolicyError(f"condition {operator} {sorted(keys)}")
    networks = map(ip_network, _list(keys["aws:SourceIp"]))
    return any(ip_address(address) in network for network in networks) is _INSIDE[operator]


def _short(pattern: str) -> str:
    """Return `execute-api:/STAGE/…` of either spelling that API Gateway takes."""
    return f"execute-api:/{pattern.partition('/')[2]}"


def _list(value: Any) -> Iterable[Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, list) else [value]
