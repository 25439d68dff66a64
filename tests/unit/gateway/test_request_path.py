"""The request path: how many functions of the gateway a plain call enters."""

import sys
from types import FrameType

from tests.unit.gateway.conftest import MODEL, Caller

MOST_CALLS = 170


def test_a_plain_call_enters_few_functions(caller: Caller) -> None:
    body = {"model": MODEL, "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}
    caller.send(body)
    entered: list[str] = []

    def count(frame: FrameType, event: str, _: object) -> None:
        path = frame.f_code.co_filename
        if event == "call" and ("/lambda/gateway/" in path or "/catalog/" in path):
            entered.append(frame.f_code.co_qualname)

    sys.setprofile(count)
    try:
        caller.send(body)
    finally:
        sys.setprofile(None)
    assert 100 < len(entered) <= MOST_CALLS
