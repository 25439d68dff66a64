"""How a Python driver is asked and answers: the caller and its cases as arguments, a line of JSON
for each case."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

URL = os.environ["URL"]
KEY = os.environ["KEY"]
MODEL = os.environ["MODEL"]

HELLO = "Greet Ada Lovelace."
PACED = "[[reply: events=20 pace=0.02]]"
USE_TOOL = '[[tool: get_weather {"city": "Lisbon"}]]'
WEATHER = "21 degrees in Lisbon"
CITY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}


def get_weather(city: str) -> str:
    """Current weather of a city."""
    return WEATHER.replace("Lisbon", city)


def main(**cases: Callable[[], dict[str, Any]]) -> None:
    """Runs the cases that are named; what one raises is its answer."""
    caller, *named = sys.argv
    for name in named:
        line = json.dumps({"caller": caller, "case": name, **_answer(cases[name])})
        sys.stdout.write(line + "\n")


def _answer(case: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return case()
    except Exception as error:  # noqa: BLE001 - the client's own class is what is looked at
        return {"raised": [kind.__name__ for kind in type(error).mro()], "message": str(error)}
