"""Each model of Anthropic's first guide to Bedrock: its names, its routes, its life, its answer.

The rows are those of the guide; where a model has gained routes since, AWS's model cards say so:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-cards.html
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from claude_bedrock import catalog
from tests.integration.conftest import Gateway, gateway_in
from tests.unit.catalog.called_from import CALLED_FROM
from tests.unit.gateway.fakes import SentResponse

UNKNOWN_DATE = "0000-00-00"


class Row(NamedTuple):
    """`legacy` and `end`: dates, empty where Bedrock has published none."""

    name: str
    base_id: str
    routes: str
    legacy: str = ""
    end: str = ""
    successor: str = ""


ROWS = [
    Row("claude-sonnet-4-5", "anthropic.claude-sonnet-4-5-20250929-v1:0", "global us eu jp au"),
    Row(
        "claude-sonnet-4",
        "anthropic.claude-sonnet-4-20250514-v1:0",
        "global us eu apac",
        legacy="2026-04-14",
        end="2026-10-14",
        successor="claude-sonnet-4-6",
    ),
    Row(
        "claude-3-7-sonnet",
        "anthropic.claude-3-7-sonnet-20250219-v1:0",
        "us eu apac",
        legacy="2025-10-28",
        end="2026-04-28",
        successor="claude-sonnet-4-6",
    ),
    Row("claude-opus-4-5", "anthropic.claude-opus-4-5-20251101-v1:0", "global us eu"),
    Row(
        "claude-opus-4-1",
        "anthropic.claude-opus-4-1-20250805-v1:0",
        "us",
        legacy="2026-07-08",
        end="2027-01-08",
        successor="claude-opus-4-8",
    ),
    Row(
        "claude-opus-4",
        "anthropic.claude-opus-4-20250514-v1:0",
        "us",
        end=UNKNOWN_DATE,
        successor="claude-opus-4-8",
    ),
    Row(
        "claude-3-opus",
        "anthropic.claude-3-opus-20240229-v1:0",
        "us",
        legacy="2025-06-30",
        end=UNKNOWN_DATE,
        successor="claude-opus-4-8",
    ),
    Row("claude-haiku-4-5", "anthropic.claude-haiku-4-5-20251001-v1:0", "global us eu jp au"),
    Row(
        "claude-3-5-haiku",
        "anthropic.claude-3-5-haiku-20241022-v1:0",
        "us",
        legacy="2025-12-19",
        end="2026-06-19",
        successor="claude-haiku-4-5",
    ),
    Row(
        "claude-3-haiku",
        "anthropic.claude-3-haiku-20240307-v1:0",
        "us eu apac",
        legacy="2026-03-10",
        end="2026-09-10",
        successor="claude-haiku-4-5",
    ),
]


@pytest.fixture(scope="module")
def on_route() -> Iterator[Callable[[str], Gateway]]:
    """The gateway of a stage on that route, in a Region from which it can be called."""
    with ExitStack() as stack:
        made: dict[str, Gateway] = {}

        def of(route: str) -> Gateway:
            region = CALLED_FROM[route]
            if region not in made:
                made[region] = stack.enter_context(gateway_in(region))
            return made[region].on_routes(route)

        yield of


def post(gateway: Gateway, model: str) -> SentResponse:
    body = {
        "model": model,
        "max_tokens": 16,
        "messages": [{"role": "user", "content": "Hello, world"}],
    }
    return gateway.post(json.dumps(body))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_of_the_guide(row: Row, on_route: Callable[[str], Gateway]) -> None:
    today = datetime.now(UTC).date().isoformat()
    model = catalog.find(row.name)
    assert model is not None
    assert model.base_id == row.base_id
    assert catalog.find(row.base_id) is model
    for route in catalog.ROUTES:
        for spelling in (row.name, row.base_id):
            answer = post(on_route(route), spelling)
            if row.end and row.end <= today:
                check_retired(answer, row)
            elif route in row.routes.split():
                check_served(answer, row, today)
            else:
                check_refused(answer, route, row)


def check_retired(answer: SentResponse, row: Row) -> None:
    error = answer.json()["error"]
    assert (answer.status, error["type"]) == (404, "not_found_error")
    assert row.successor in error["message"]
    assert row.end == UNKNOWN_DATE or f"retired on Amazon Bedrock on {row.end}" in error["message"]


def check_served(answer: SentResponse, row: Row, today: str) -> None:
    assert answer.status == 200
    assert answer.json()["model"] == row.base_id.removeprefix("anthropic.").partition("-v1")[0]
    assert ("deprecation" in answer.headers) is bool(row.legacy and row.legacy <= today)


def check_refused(answer: SentResponse, route: str, row: Row) -> None:
    assert (answer.status, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert f"has no {route} profile here; it has" in answer.json()["error"]["message"]
    assert all(part in answer.json()["error"]["message"] for part in row.routes.split())
