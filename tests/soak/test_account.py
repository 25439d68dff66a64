"""A soak that went wrong is told to have: each count is held to the others."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tools.load.soak import memory
from tools.load.soak.callers import Ended, unexpected
from tools.load.soak.fake_storage import FakeStorage
from tools.load.soak.tally_check import account

REFUSED = Ended("message", "refused", "refused", 429, "g1", "b1")
LINE = {
    "gateway_request_id": "g1",
    "bedrock_request_id": "b1",
    "model_id": "global.anthropic.claude-haiku-4-5-20251001-v1:0",
    "route": "POST /v1/messages",
    "status": 429,
}


def mistakes(
    folder: Path,
    lines: list[Mapping[str, Any]],
    upstream: list[str],
    ended: list[Ended],
    items: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    storage, now = FakeStorage(folder), datetime.now(UTC)
    at = f"{now.timestamp():.3f}"
    storage.audit_lines.write_text("".join(f"{at} {json.dumps({'audit': n})}\n" for n in lines))
    storage.requests.write_text("".join(f"{request_id}\n" for request_id in upstream))
    storage.events.write_text("")
    storage.items.write_text(json.dumps(dict(items)))
    return "\n".join(account(ended, storage, now).mistakes)


def test_counts_that_agree_are_no_mistake(tmp_path: Path) -> None:
    assert mistakes(tmp_path, [LINE], ["b1"], [REFUSED]) == ""


@pytest.mark.parametrize(
    ("lines", "upstream", "ended", "expected"),
    [
        ([], [], [REFUSED], "no audit line of"),
        ([LINE, LINE], ["b1", "b1"], [REFUSED], "2 audit lines of"),
        ([LINE], ["b1"], [], "without a call: g1"),
        ([LINE], ["b1", "b2"], [REFUSED], "1 requests of Bedrock by the audit lines, 2 by"),
        ([LINE], ["b2"], [REFUSED], "request b2: -1 in the audit lines"),
        ([LINE], ["b1"], [REFUSED._replace(status=500)], "the audit line says"),
        ([LINE], ["b1"], [REFUSED._replace(request_id="b2")], "the audit line says"),
        ([{**LINE, "status": 200}], ["b1"], [REFUSED._replace(status=200)], "missing_record"),
    ],
)
def test_each_that_does_not_is(
    tmp_path: Path,
    lines: list[Mapping[str, Any]],
    upstream: list[str],
    ended: list[Ended],
    expected: str,
) -> None:
    assert expected in mistakes(tmp_path, lines, upstream, ended)


ROW = {"scope": "stage", "unit": "usd", "per": "day", "since": "2026-11-30", "charged": 5}
HOLDS = {"stage": {"subject": {"S": "stage"}, "usd#day#2026-11-30": {"N": "5"}}}
CHARGED = {**LINE, "budgets": [ROW]}


def test_a_table_that_does_not_hold_what_its_calls_were_charged_is_a_mistake(
    tmp_path: Path,
) -> None:
    def of_budgets(line: Mapping[str, Any], items: Mapping[str, Any]) -> str:
        return mistakes(tmp_path, [line], ["b1"], [REFUSED], items)

    left = {"stage": {**HOLDS["stage"], "r#g7": {"S": "1764547200 5 0"}}}
    assert of_budgets(CHARGED, HOLDS) == ""
    assert "the table holds" in of_budgets(CHARGED, {})
    assert "the table holds" in of_budgets(LINE, HOLDS)
    assert "the reservation of g7 is left" in of_budgets(CHARGED, left)


def test_an_end_that_was_not_due_is_reported() -> None:
    assert unexpected([REFUSED, REFUSED._replace(due="answered")]) == [
        REFUSED._replace(due="answered")
    ]


WARM = {1: 1000, 2: 900}


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({1: 1050, 2: 900}, []),
        ({1: 900, 2: 1050}, []),
        ({1: 900, 2: 1051}, ["process 2 holds"]),
        ({1: 1040, 2: 1040}, ["all processes hold"]),
        ({1: 1000}, ["process 2 has ended"]),
    ],
)
def test_processes_that_hold_more_than_a_twentieth_more_are_reported(
    end: dict[int, int], expected: list[str]
) -> None:
    reported = list(memory.mistakes(WARM, end))
    assert len(reported) == len(expected)
    assert all(
        sentence.startswith(start) for sentence, start in zip(reported, expected, strict=True)
    )
