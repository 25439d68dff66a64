"""The request path: how much of our code a plain call enters, and a page that lists all of it."""

import re
import sys
from pathlib import Path
from types import FrameType

from tests.unit.gateway.conftest import MODEL, Caller

ROOT = Path(__file__).parents[3]
GATEWAY = ROOT / "lambda" / "gateway"
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


def test_the_architecture_lists_each_module_of_the_gateway() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    table = page.partition("| File in `lambda/gateway/` |")[2].partition("\n\n")[0]
    listed = re.findall(r"`(\w+\.py)`", table)
    assert len(listed) == len(set(listed))
    assert set(listed) == {path.name for path in GATEWAY.glob("*.py")} - {"__init__.py"}
