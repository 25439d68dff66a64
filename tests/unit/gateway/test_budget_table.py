"""The table of budgets under 32 callers at once, with faults: no limit is passed by more than the
stated bound, and every reservation is settled or ends."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from claude_bedrock import catalog
from claude_bedrock.budgets import item, spending
from claude_bedrock.budgets.budget import Budget, Rules
from claude_bedrock.budgets.item import RESERVATION_SECONDS
from claude_bedrock.budgets.period import containing
from claude_bedrock.catalog import cost
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.window import Window
from claude_bedrock.verification.budget_charges import BudgetCharges
from gateway.aws_service import ServiceResponse
from gateway.budget_table import BudgetTable, Update
from gateway.budgets import Budgets
from gateway.call_budgets import SETTLED, CallBudgets
from gateway.caller import Caller
from gateway.errors import GatewayError
from gateway.model_call import Attempt, ModelCall
from gateway.usage import Usage
from tests.unit.gateway.fake_dynamodb import (
    ANSWERED,
    LOST,
    SLOW,
    THROTTLED,
    UNREACHABLE,
    FakeService,
    FakeTable,
)

DynamoDBClient = Any  # boto3 makes the class at run time
PROFILE = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
MODEL = catalog.find(PROFILE)
CALLERS = 32
FAULTS = (*[ANSWERED] * 12, UNREACHABLE, LOST, SLOW, THROTTLED)


class Outcome:
    """What one call came to, by how much that was more than it reserved, and whether it was
    settled."""

    def __init__(self, reserved: int, actual: int, *, is_settled: bool) -> None:
        self.actual = actual
        self.excess = max(0, actual - reserved)
        self.is_settled = is_settled


def make_call(
    budgets: Budgets,
    number: int,
    entries: list[dict[str, Any]],
    *,
    tokens: int,
    output: int,
    is_sent: bool,
) -> Outcome | None:
    """Reserve, call, settle and note in `entries`, as the handler does; None for a call that was
    refused."""
    call = ModelCall()
    call.model = "claude-sonnet-4-5"
    mine = budgets.of_call(Caller(name=f"caller{number % 3}", team="search"), call, f"gw-{number}")
    assert mine is not None
    try:
        mine.reserve([PROFILE], b"x" * tokens * 2 + b'"max_tokens":100')
    except GatewayError:
        mine.settle()
        entries.append(mine.audit_fields())
        return None
    attempt = Attempt(PROFILE)
    attempt.is_sent, attempt.is_complete = is_sent, True
    attempt.status = 200 if is_sent else None
    call.attempts.append(attempt)
    call.usage = Usage(input_tokens=tokens, output_tokens=output)
    mine.settle()
    entries.append(mine.audit_fields())
    actual = _cost(tokens, output) if is_sent else 0
    return Outcome(_reserved(mine), actual, is_settled=mine.state == SETTLED)


def _reserved(mine: CallBudgets) -> int:
    return mine._held.usd


def _cost(tokens: int, output: int) -> int:
    assert MODEL is not None
    return spending.amounts(MODEL, "global", cost.Usage(input=tokens, output=output)).usd


@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])  # threads do not shrink
@given(
    st.integers(2_000, 60_000),
    st.lists(
        st.tuples(st.integers(1, 2_000), st.integers(0, 300), st.booleans()),
        min_size=CALLERS,
        max_size=CALLERS * 3,
    ),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_no_limit_is_passed_by_more_than_the_calls_in_flight_exceed_their_reservations(
    limit: int, calls: list[tuple[int, int, bool]], chance: random.Random, with_faults: bool
) -> None:
    table = FakeTable()
    table.faults = [chance.choice(FAULTS) for _ in range(len(calls) * 8)] if with_faults else []
    entries: list[dict[str, Any]] = []
    rules = Rules(
        stage=(Budget("stage", "usd", limit, "month"),),
        teams={"default": (Budget("", "usd", limit, "day"),)},
        callers={"default": (Budget("", "usd", limit // 2, "week"),)},
    )

    def call(numbered: tuple[int, tuple[int, int, bool]]) -> Outcome | None:
        number, (tokens, output, is_sent) = numbered
        own = Budgets(rules, {}, BudgetTable("t", table.connect), fails_open=False)
        return make_call(own, number, entries, tokens=tokens, output=output, is_sent=is_sent)

    with ThreadPoolExecutor(CALLERS) as threads:
        outcomes = [each for each in threads.map(call, enumerate(calls)) if each is not None]
    spent = sum(each.actual for each in outcomes)
    in_flight = sum(sorted((each.excess for each in outcomes), reverse=True)[:CALLERS])
    unsettled = sum(each.excess for each in outcomes if not each.is_settled)
    assert spent <= limit + in_flight + unsettled
    now = time.time()
    charged = item.charged(
        table.items.get("stage", {}), f"usd#month#{containing('month', now).label}"
    )
    assert charged >= spent - unsettled
    _check_entries_bound_the_counters(table, entries)
    if not with_faults:
        assert charged == spent
        assert not [r for each in table.items.values() for r in item.reservations(each)]
    _check_every_reservation_ends(table, now)


def test_an_answer_that_cannot_be_read_may_be_of_an_update_that_was_made() -> None:
    table = FakeTable()

    class Unreadable(FakeService):
        def receive(self, seconds: float) -> ServiceResponse:
            super().receive(seconds)
            return ServiceResponse(200, {}, b"<html>")

    update = Update("stage", added={"usd#day#2026-11-30": 1}, reservation="r#1", value="1 1 1")
    (result,) = BudgetTable("t", lambda: Unreadable(table)).update([update], seconds=1)

    assert (result.cause, result.may_be_done) == ("Status200", True)


def _check_entries_bound_the_counters(table: FakeTable, entries: list[dict[str, Any]]) -> None:
    """What the calls' audit entries say they were charged, whatever the table did, comes to what
    its counters hold: the nightly verification compares just that."""
    charges = BudgetCharges(Window(0, time.time() + 60, 0))
    items = [
        LogItem("", time.time(), {"gateway_request_id": str(number), **entry})
        for number, entry in enumerate(entries)
    ]
    assert len(list(charges.entries(items))) == len(entries)
    sums = charges.sums()
    assert not sums["unknown"]
    held = {
        (subject, counter): int(value["N"])
        for subject, content in table.items.items()
        for counter, value in content.items()
        if "N" in value and counter != item.EXPIRES
    }
    bounds = {
        (subject, counter): bounds
        for subject, by_counter in sums["charged"].items()
        for counter, bounds in by_counter.items()
    }
    for key, amount in held.items():
        least, most = bounds[key]
        assert least <= amount <= most, key


def _check_every_reservation_ends(table: FakeTable, now: float) -> None:
    """One that nobody settles counts as spent once it has ended, and the next call removes it."""
    later = now + RESERVATION_SECONDS + 1
    for content in table.items.values():
        in_period = containing("month", now)
        assert item.reserved(content, "usd", in_period, later) == 0
        open_names = {item.reservation_name(each.call_id) for each in item.reservations(content)}
        assert open_names <= set(item.outdated(content, later))


@pytest.fixture
def moto_table() -> Iterator[DynamoDBClient]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "subject", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def test_the_table_in_memory_answers_as_moto_does(moto_table: DynamoDBClient) -> None:
    table = FakeTable()
    added = {"usd#day#1": 60, "tokens#day#1": 5}

    def reserve(name: str, most: int) -> Update:
        most_of = {"usd#day#1": most}
        return Update("stage", added=added, reservation=name, value="9 6 5", most=most_of)

    updates = [
        reserve("r#1", 50),
        reserve("r#1", 50),
        reserve("r#2", 50),
        reserve("r#3", 60),
        Update("stage", added={"usd#day#1": -50, "tokens#day#1": 0}, reservation="r#1"),
        Update("stage", added={"usd#day#1": -50, "tokens#day#1": 0}, reservation="r#1"),
        Update("stage", added={"usd#day#1": 7, "usd#day#2": 3}),
        Update("stage", added={"usd#day#1": 1}, reservation="r#3", removed=["usd#day#2", "none"]),
    ]
    for update in updates:
        content = json.loads(update.request("t", 1.0))
        status, answer = table.update(content)
        try:
            expected = moto_table.update_item(**content)["Attributes"]
            assert (status, answer["Attributes"]) == (200, expected)
        except moto_table.exceptions.ConditionalCheckFailedException as error:
            assert (status, answer.get("Item")) == (400, error.response.get("Item"))
    assert set(table.items["stage"]) == {"subject", "expires", "usd#day#1", "tokens#day#1"}
