"""Budgets of a call: reserved once before Bedrock, refused in the client's format, and settled
after the response by what Bedrock has told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from claude_bedrock.budgets import budget, item, period, spending
from claude_bedrock.budgets.budget import Budget, Rules
from gateway import errors, handler, request
from gateway.budget_table import BudgetTable
from gateway.budgets import Budgets
from gateway.request_context import RequestContext
from gateway.settings import Settings
from tests.unit.gateway.conftest import MODEL, Caller, audit_line
from tests.unit.gateway.fake_dynamodb import LOST, SLOW, THROTTLED, UNREACHABLE, FakeTable
from tests.unit.gateway.fakes import ScriptedReply, SentResponse

BODY = {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
ANSWER = {
    "x-amzn-bedrock-input-token-count": "10",
    "x-amzn-bedrock-output-token-count": "20",
    "x-amzn-bedrock-cache-write-input-token-count": "0",
}
COST = 10 * 3 + 20 * 15  # micro-dollars, at claude-sonnet-4-5's rates on the global profile
DOLLAR = budget.MICRO
ME = "caller#team-a"


class BudgetedCaller(Caller):
    """A caller under budgets, in the table `table`."""

    def __init__(
        self, settings: Settings, rules: Rules, *, fails_open: bool = False, rate: int | None = None
    ) -> None:
        super().__init__(settings)
        self.table = FakeTable()
        rates = {} if rate is None else {"default": rate}
        self.budgets = Budgets(
            rules, rates, BudgetTable("budgets", self.table.connect), fails_open=fails_open
        )
        self.number = 0
        self.bedrock.reply = ScriptedReply(200, ANSWER, [])

    def _serve(self, response: SentResponse, event: dict[str, Any]) -> None:
        self.number += 1
        self.bedrock.reply._parts = self.bedrock.reply._parts or [b"{}"]
        event = {**event, "requestContext": {**event["requestContext"]}}
        event["requestContext"]["requestId"] = f"gw-{self.number}"
        handler.serve(
            RequestContext(
                request.from_event(event),
                response,
                self.settings,
                self.bedrock,
                self.retry_budget,
                remaining=self.remaining,
                budgets=self.budgets,
            )
        )

    def counter(self, subject: str, unit: str = "usd", per: str = "day") -> int:
        label = period.containing(per, time.time()).label
        return self.table.number(subject, f"{unit}#{per}#{label}")

    def open(self) -> list[str]:
        """The ids of all open reservations."""
        items = self.table.items.values()
        return [each.call_id for content in items for each in item.reservations(content)]


Make = Callable[..., BudgetedCaller]


@pytest.fixture
def make(settings: Settings) -> Make:
    def make(
        *mine: Budget,
        stage: tuple[Budget, ...] = (),
        fails_open: bool = False,
        rate: int | None = None,
    ) -> BudgetedCaller:
        shared = tuple(each._replace(subject=budget.STAGE) for each in stage)
        rules = Rules(stage=shared, callers={"default": mine} if mine else {})
        return BudgetedCaller(settings, rules, fails_open=fails_open, rate=rate)

    return make


def dollars(
    amount: float, per: str = "day", *, blocks: bool = True, alert_at: tuple[int, ...] = ()
) -> Budget:
    return Budget("", "usd", round(amount * DOLLAR), per, blocks, alert_at)


def test_a_call_is_charged_what_bedrock_reports_and_no_more(make: Make) -> None:
    caller = make(dollars(1), Budget("", "tokens", 1000, "month"))

    answer = caller.send(BODY)

    assert answer.status == 200
    assert caller.counter(ME) == COST
    assert caller.counter(ME, "tokens", "month") == 30
    assert caller.open() == []
    assert len(caller.table.requests) == 2


def test_what_is_reserved_is_bounded_by_the_body_and_max_tokens(make: Make) -> None:
    caller = make(dollars(1))
    caller.send(BODY)
    reserved = caller.table.requests[0]["ExpressionAttributeValues"][":c0"]["N"]
    size = len(caller.bedrock.sent[0].body)

    assert int(reserved) == (size // 2 + 1) * 3 + 100 * 15


def test_the_settlement_is_made_once_the_response_has_ended(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = make(dollars(1))
    order: list[str] = []

    class Response(SentResponse):
        def write_last(self, data: bytes) -> None:
            order.append("end")
            super().write_last(data)

    update = caller.table.update

    def noted(content: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        order.append("table")
        return update(content)

    monkeypatch.setattr(caller.table, "update", noted)
    caller.send_to(Response(), BODY)

    assert order == ["table", "end", "table"]


def test_a_call_that_does_not_fit_is_a_429_that_claude_code_shows(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    caller = make(dollars(0.002))
    assert caller.send(BODY).status == 200
    assert caller.send(BODY).status == 200
    capsys.readouterr()

    refused = caller.send(BODY)

    end = period.containing("day", time.time()).end
    assert refused.status == 429
    assert refused.json()["error"]["type"] == "billing_error"
    assert "Your budget of $0.00 for the day is used up" in refused.json()["error"]["message"]
    prefix = "anthropic-ratelimit-unified-"
    unified = {k.removeprefix(prefix): v for k, v in refused.headers.items() if prefix in k}
    assert unified == {
        "status": "rejected",
        "reset": str(end),
        "overage-reset": str(end),
        "overage-utilization": "1",
        "overage-surpassed-threshold": "1",
        "overage-period": "daily",
        "overage-disabled-reason": "org_spend_cap_reached",
    }
    assert refused.headers["x-should-retry"] == "false"
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    assert len(caller.bedrock.sent) == 2
    assert caller.open() == []
    entry = audit_line(capsys)
    assert (entry["outcome"], entry["budgets_state"]) == ("refused", "refused")
    (consulted,) = entry["budgets"]
    assert consulted == {
        "scope": "caller",
        "name": "team-a",
        "unit": "usd",
        "per": "day",
        "since": period.containing("day", time.time()).label,
        "used_percent": 33,
        "charged": 0,
    }


def test_bedrocks_own_clients_read_a_throttling_exception(make: Make) -> None:
    caller = make(dollars(0.0001))
    path = "/model/anthropic.claude-sonnet-4-5-20250929-v1:0/invoke"
    body = {"max_tokens": 100, "messages": [], "anthropic_version": "bedrock-2023-05-31"}

    refused = caller.send(body, path=path)

    assert (refused.status, refused.headers["x-amzn-errortype"]) == (429, "ThrottlingException")
    assert "is less than the $0.00 that this request may cost" in refused.json()["message"]
    assert caller.table.requests == []


def test_a_shared_budget_tells_no_caller_its_amount_and_what_was_reserved_is_released(
    make: Make,
) -> None:
    caller = make(dollars(1), stage=(dollars(0.002, "month"),))
    caller.send(BODY)
    caller.send(BODY)

    refused = caller.send(BODY)

    message = refused.json()["error"]["message"]
    assert message.startswith("This endpoint's budget for the month is used up")
    assert "$" not in message
    assert refused.headers["anthropic-ratelimit-unified-overage-scope"] == "group_pool"
    assert caller.counter("stage", per="month") == caller.counter(ME) == 2 * COST
    assert caller.open() == []


def test_an_alert_never_blocks_and_is_raised_once_per_threshold(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    caller = make(dollars(0.0007, blocks=False, alert_at=(80, 100)))

    answers = [caller.send(BODY) for _ in range(4)]

    assert {answer.status for answer in answers} == {200}
    assert "anthropic-ratelimit-unified-status" not in answers[-1].headers
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    alerts = [line["BudgetAlerts"] for line in lines if "BudgetAlerts" in line]
    assert alerts == [[1.0], [1.0]]


def test_a_success_tells_how_much_is_used(make: Make) -> None:
    caller = make(dollars(0.0021))
    first = caller.send(BODY)
    caller.send(BODY)
    third = caller.send({**BODY, "max_tokens": 10})

    assert first.headers["anthropic-ratelimit-unified-overage-utilization"] == "0.79"
    assert first.headers["anthropic-ratelimit-unified-overage-surpassed-threshold"] == "0.75"
    assert third.headers["anthropic-ratelimit-unified-overage-status"] == "allowed"


def test_counting_tokens_is_free(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    caller = make(dollars(0.00001))
    caller.bedrock.answers(b'{"inputTokens": 5}')

    body = {key: value for key, value in BODY.items() if key != "max_tokens"}
    answer = caller.send({**body, "model": "claude-sonnet-4-5"}, path="/v1/messages/count_tokens")

    assert answer.status in (200, 501)
    assert caller.table.requests == []
    assert not [name for name in audit_line(capsys) if name.startswith("budgets")]


def test_a_model_without_a_price_is_refused_under_dollars_alone(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spending, "has_price", lambda _: False)

    assert make(dollars(1)).send(BODY).status == 403
    assert make(Budget("", "tokens", 1000, "day")).send(BODY).status == 200


def test_retries_and_refusals_of_bedrock_reserve_once_and_cost_nothing(make: Make) -> None:
    caller = make(dollars(1))
    throttled = ScriptedReply(429, {"x-amzn-errortype": "ThrottlingException"}, [b"{}"])
    caller.bedrock.earlier = [throttled]
    assert caller.send(BODY).status == 200
    assert caller.counter(ME) == COST
    caller.bedrock.answers(b"{}", status=400, x_amzn_errortype="ValidationException")
    assert caller.send(BODY).status == 400
    caller.bedrock.failure = errors.NotSent("Try again.")
    assert caller.send(BODY).status == 500

    assert caller.counter(ME) == COST
    assert len(caller.table.requests) == 6


def test_an_attempt_that_may_have_run_is_charged_in_full(make: Make) -> None:
    caller = make(dollars(1))
    caller.bedrock.failure = errors.UpstreamTimeout("Bedrock did not respond in time. Try again.")

    caller.send(BODY)

    size = len(caller.bedrock.sent[0].body)
    assert caller.counter(ME) == (size // 2 + 1) * 3 + 100 * 15
    assert caller.open() == []


@pytest.mark.parametrize("fault", [UNREACHABLE, SLOW, LOST, THROTTLED])
def test_one_failure_of_the_table_is_repeated_and_counts_once(make: Make, fault: str) -> None:
    caller = make(dollars(1))
    caller.table.faults = [fault]
    assert caller.send(BODY).status == 200
    caller.table.faults = ["", fault]
    assert caller.send(BODY).status == 200

    assert caller.counter(ME) == 2 * COST
    assert caller.open() == []


@pytest.mark.parametrize("fault", [UNREACHABLE, SLOW, LOST, THROTTLED])
def test_a_table_that_is_down_refuses_the_call_and_leaves_no_reservation(
    make: Make, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    caller = make(dollars(1))
    caller.table.faults = [fault, fault]

    refused = caller.send(BODY)

    assert (refused.status, refused.json()["error"]["type"]) == (503, "api_error")
    assert refused.headers["retry-after"] == "5"
    assert not caller.bedrock.sent
    assert caller.open() == []
    entry = audit_line(capsys)
    assert entry["budgets_state"] == "unavailable"
    causes = {UNREACHABLE: "ConnectionRefusedError", THROTTLED: "ThrottlingException"}
    assert entry["budgets_cause"] == causes.get(fault, "ReadTimeout")


def test_a_stage_that_fails_open_goes_on_and_charges_the_call(make: Make) -> None:
    caller = make(dollars(1), fails_open=True)
    caller.table.faults = [UNREACHABLE, UNREACHABLE]

    assert caller.send(BODY).status == 200
    assert caller.counter(ME) == COST


def test_a_lost_settlement_stays_charged_in_full(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    caller = make(dollars(1))
    caller.table.faults = ["", UNREACHABLE, UNREACHABLE]

    assert caller.send(BODY).status == 200

    entry = audit_line(capsys)
    assert entry["budgets_state"] == "unsettled"
    assert caller.counter(ME) > COST
    (row,) = entry["budgets"]
    assert (row["charged"], row["charged_up_to"]) == (COST, caller.counter(ME))
    assert len(caller.open()) == 1


def test_an_ended_reservation_is_removed_by_a_later_call_and_stays_charged(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = make(dollars(1, "month"))
    caller.table.faults = ["", UNREACHABLE, UNREACHABLE]
    caller.send(BODY)
    charged = caller.counter(ME, per="month")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 20 * 60 + 1)

    caller.send(BODY)

    assert caller.open() == []
    assert caller.counter(ME, per="month") == charged + COST


def test_a_plans_tokens_per_minute_are_a_rate_limit(make: Make) -> None:
    caller = make(rate=240)

    answers = [caller.send(BODY) for _ in range(5)]

    statuses = [answer.status for answer in answers]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    refused = answers[-1]
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert "x-should-retry" not in refused.headers


def test_a_caller_without_budgets_asks_no_table(settings: Settings) -> None:
    caller = BudgetedCaller(settings, Rules(callers={"somebody": (dollars(1),)}))

    assert caller.send(BODY).status == 200
    assert caller.table.requests == []
