"""The request validator of a method, for bodies.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

import json
import sys

from local.api_gateway.definition import Method
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError


def check(method: Method, exchange: Exchange) -> None:
    """Raise RefusedError for a body that breaks the schema of its content type, if it has one."""
    if method.schemas is None:
        return
    kind = (exchange.header("content-type") or "application/json").partition(";")[0].strip().lower()
    # A content type that the method has no model for is not validated.
    schema = method.schemas.get(kind)
    if schema is None:
        return
    # As the function receives it: what is no UTF-8 is replaced, a byte order mark counts for
    # nothing.
    text = exchange.body.decode(errors="replace").removeprefix("\ufeff")
    try:
        body = json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError) as broken:
        raise RefusedError("BAD_REQUEST_BODY") from broken
    from jsonschema import Draft4Validator  # noqa: PLC0415 - slow: it compiles grammars

    if not Draft4Validator(schema).is_valid(body):
        raise RefusedError("BAD_REQUEST_BODY")


def _integer(digits: str) -> int:
    """Return an integer of any length, by its sign alone where Python would refuse to read it:
    https://docs.python.org/3/library/stdtypes.html#int-max-str-digits"""
    longest = sys.get_int_max_str_digits()
    return int(digits) if len(digits) <= longest else -1 if digits.startswith("-") else 1
