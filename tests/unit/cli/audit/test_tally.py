"""What the records come to: each once, within the window, at the catalogue's prices."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import catalog
from catalog.cost import Usage, cost
from cli.audit.tally import NO_ROUTE, Key, Tally, copied_ids, grouped
from reconciliation.window import UnreadableError
from verification.period import Period

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
MONTH = Period(SINCE, SINCE + timedelta(days=30), timedelta(), SINCE + timedelta(days=30))
HAIKU = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
TEAM = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/team"
TOKENS = {
    "inputTokenCount": 1000,
    "cacheReadInputTokenCount": 500,
    "cacheWriteInputTokenCount": 70,
}


def record(number: int, **changes: object) -> Mapping[str, Any]:
    return {
        "requestId": f"request-{number}",
        "timestamp": "2026-11-09T23:59:59Z",
        "region": "eu-central-1",
        "modelId": HAIKU,
        "identity": {"arn": "gateway"},
        "requestMetadata": {"api_key_name": "search.web"},
        "input": TOKENS,
        "output": {"outputTokenCount": 200},
        **changes,
    }


def rows(*records: Mapping[str, Any]) -> dict[Key, dict[str, Any]]:
    tally = Tally(MONTH, {TEAM: HAIKU})
    for each in records:
        tally.take(each)
    return {key: each.as_data() for key, each in tally.rows()}


def test_a_call_is_counted_once_with_its_tokens_and_its_price() -> None:
    model = catalog.find(HAIKU)
    assert model is not None
    price = cost(model, "eu", Usage(1000, 200, 70, 0, 500))

    (found,) = rows(record(1), record(1), record(2)).items()

    assert found == (
        Key("2026-11-09", "search.web", "claude-haiku-4-5", "eu", "eu-central-1"),
        {
            "calls": 2,
            "failed": 0,
            "unpriced": 0,
            "input_tokens": 2000,
            "output_tokens": 400,
            "cache_read_tokens": 1000,
            "cache_write_tokens": 140,
            "dollars": str(2 * price),
        },
    )
    assert price > Decimal(0)


@pytest.mark.parametrize(
    ("at", "counted"),
    [
        ("2026-10-31T23:59:59Z", False),
        ("2026-11-01T00:00:00Z", True),
        ("2026-11-30T23:59:59Z", True),
        ("2026-12-01T00:00:00Z", False),
    ],
)
def test_only_what_is_of_the_window_counts(at: str, counted: bool) -> None:
    assert bool(rows(record(1, timestamp=at))) == counted


def test_who_where_and_by_which_profile() -> None:
    (of_team,) = rows(record(1, modelId=TEAM, inferenceRegion="eu-west-1"))
    (signed,) = rows(record(1, requestMetadata={"caller_arn": "arn:role"}))
    (round_it,) = rows(record(1, requestMetadata={}, modelId="amazon.nova-pro-v1:0"))

    assert of_team[2:] == ("claude-haiku-4-5", "eu", "eu-west-1")
    assert signed.caller == "arn:role"
    assert round_it[1:4] == ("gateway", "amazon.nova-pro-v1:0", NO_ROUTE)


def test_what_has_no_price_or_no_tokens_is_said() -> None:
    (unknown,) = rows(record(1, modelId="amazon.nova-pro-v1:0")).values()
    (failed,) = rows(record(1, errorCode="ThrottlingException", input={}, output=None)).values()

    assert (unknown["unpriced"], unknown["dollars"]) == (1, "0")
    assert (failed["failed"], failed["input_tokens"], failed["unpriced"]) == (1, 0, 0)


def test_what_is_no_record_is_not_passed_over() -> None:
    with pytest.raises(UnreadableError):
        rows({"requestId": "r"})


def test_groups_are_the_whole_and_profiles_are_read_from_the_output() -> None:
    tally = Tally(MONTH, {})
    for number in range(6):
        tally.take(record(number, timestamp=f"2026-11-{1 + number % 3:02}T12:00:00Z"))

    by_day = grouped(tally.rows(), lambda key: key.day)
    assert [(day, each.calls) for day, each in by_day.items()] == [
        *(("2026-11-01", 2), ("2026-11-02", 2), ("2026-11-03", 2)),
    ]
    assert copied_ids({"TeamProfileArns": '{"search": {"eu.x": "arn:p"}}'}) == {"arn:p": "eu.x"}
    assert copied_ids({}) == {}
