"""JSON bodies within the bounds of Jackson's defaults: Bedrock's answers have its token names.

https://github.com/FasterXML/jackson-core/wiki/StreamReadConstraints
"""

import json
from math import isinf
from typing import Any, Final, NoReturn

LONGEST_NUMBER: Final = 1000


class BeyondBoundsError(ValueError):
    """It is JSON with a number or a nesting beyond the bounds; the text says which."""


def read(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the value of JSON; raise ValueError for what is none, and BeyondBoundsError.

    A number beyond a double's range is refused: no record of the call could hold it, since NaN
    and Infinity are no JSON, https://www.rfc-editor.org/rfc/rfc8259#section-6.
    """
    try:
        return json.loads(body, parse_constant=_refuse, parse_int=_integer, parse_float=_real)
    except RecursionError as deep:
        raise BeyondBoundsError("The request body is nested too deeply.") from deep


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise BeyondBoundsError(
            f"A number in the request body has more than {LONGEST_NUMBER} characters."
        )
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise BeyondBoundsError("A number in the request body is too large.")
    return number
