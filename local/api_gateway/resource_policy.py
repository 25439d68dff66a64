"""The resource policy of an API, as far as the project's own go: by the caller's address and by the
VPC endpoint of a private API.

A private API has a name for each of its VPC endpoints, which says through which a request comes:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html
Any other name stands for the first one, since nothing on this machine is in a VPC.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

import fnmatch
import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any, Final

from local.api_gateway.definition import Api
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError
from local.api_gateway.routing import Match

_EQUAL: Final = {"IpAddress": True, "NotIpAddress": False, "StringNotEquals": False}
_PRIVATE_NAME: Final = re.compile(r"[a-z0-9]+-(vpce-[0-9a-f]+)\.execute-api\.")


class UnsupportedPolicyError(Exception):
    """The policy has something that is not evaluated here; the text names it."""


def check(exchange: Exchange, match: Match, api: Api) -> None:
    """Raise RefusedError where the API's policy denies the request, or where it does not allow a
    method that asks nobody else."""
    if api.policy is None:
        return
    path = f"{api.stage}/{exchange.verb}{exchange.path}"
    origin = _origin(exchange, api)
    matching = [
        statement["Effect"]
        for statement in _list(api.policy["Statement"])
        if _applies(statement, f"execute-api:/{path}", origin)
    ]
    method = match.method
    is_open = method.authorizer is None and not method.signed
    if "Deny" in matching or (is_open and "Allow" not in matching):
        raise RefusedError("ACCESS_DENIED")


def _origin(exchange: Exchange, api: Api) -> Mapping[str, str]:
    """Return the values of the condition keys that say from where a request comes."""
    if not api.vpc_endpoints:
        return {"aws:SourceIp": exchange.source_ip}
    name = _PRIVATE_NAME.match(exchange.host)
    return {
        "aws:VpcSourceIp": exchange.source_ip,
        "aws:SourceVpce": name[1] if name else api.vpc_endpoints[0],
    }


def _applies(statement: Mapping[str, Any], resource: str, origin: Mapping[str, str]) -> bool:
    if statement["Principal"] not in ("*", {"AWS": "*"}):
        raise UnsupportedPolicyError(f"principal {statement['Principal']}")
    patterns = [_short(pattern) for pattern in _list(statement["Resource"])]
    return any(fnmatch.fnmatchcase(resource, pattern) for pattern in patterns) and all(
        _holds(operator, keys, origin) for operator, keys in statement.get("Condition", {}).items()
    )


def _holds(operator: str, keys: Mapping[str, Any], origin: Mapping[str, str]) -> bool:
    if operator not in _EQUAL or len(keys) != 1 or not set(keys) <= set(origin):
        raise UnsupportedPolicyError(f"condition {operator} {sorted(keys)}")
    [(key, values)] = keys.items()
    is_one = _is_address if operator.endswith("IpAddress") else _is_equal
    return any(is_one(origin[key], value) for value in _list(values)) is _EQUAL[operator]


def _is_address(address: str, network: str) -> bool:
    return ip_address(address) in ip_network(network)


def _is_equal(value: str, other: str) -> bool:
    return value == other


def _short(pattern: str) -> str:
    """Return `execute-api:/STAGE/…` of either spelling that API Gateway takes."""
    return f"execute-api:/{pattern.partition('/')[2]}"


def _list(value: Any) -> Iterable[Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, list) else [value]
