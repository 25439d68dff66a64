"""Each night the counters of budgets are compared with what the sealed hours say, and each call's
charge with the tokens of its record: a settlement that is lost or forged is found, and an ordinary
day yields nothing."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from claude_bedrock import catalog
from claude_bedrock.budgets import spending
from claude_bedrock.budgets.item import RESERVATION_SECONDS, Reservation, reservation_name
from claude_bedrock.budgets.spending import Amounts
from claude_bedrock.catalog import cost
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.verification.evidence_bucket import key_of_hour
from claude_bedrock.verification.hours import HOUR
from tests.verification.buckets import MONTH
from tests.verification.scenario import MODEL, audit_line, record
from tests.verification.test_scheduled_run import Account
from verification.scheduled_run import Work

DAY = timedelta(days=1)
FIRST = MONTH + 4 * DAY  # a Monday
ME = "caller#search.nightly"
HAIKU = catalog.find(MODEL)


class BudgetedAccount(Account):
    """An account whose calls are charged to a caller's budgets of dollars by the day and of tokens
    by the week. `entries` and `contents` are fields that differ, by Bedrock's request id."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.table: dict[str, dict[str, Any]] = {}
        self.refuses: Exception | None = None
        self.entries_of: dict[str, dict[str, Any]] = {}
        self.records_of: dict[str, dict[str, Any]] = {}
        self.without_entry: set[str] = set()

    def work(self) -> Work:
        work = super().work()
        return work._replace(stage=work.stage._replace(has_budgets=True), budgets=self.items)

    def items(self) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
        if self.refuses:
            raise self.refuses
        return self.table

    def call(self, request_id: str, at: datetime, *, reserved_at: datetime | None = None) -> None:
        """Make a call of 1,000 tokens in and 100 out, and charge it."""
        day = reserved_at or at
        week = day - timedelta(days=day.weekday())
        amounts = _amounts()
        rows = [
            _row("usd", "day", day, amounts.usd),
            _row("tokens", "week", week, amounts.tokens),
        ]
        self.calls.append((at, request_id))
        self.entries_of[request_id] = {
            "model": "claude-haiku-4-5",
            "input_tokens": 1000,
            "output_tokens": 100,
            "budgets": rows,
            "budgets_state": "settled",
            "budgets_price": spending.price_version(_model()),
        }
        self.add(f"usd#day#{day:%Y-%m-%d}", amounts.usd)
        self.add(f"tokens#week#{week:%Y-%m-%d}", amounts.tokens)

    def add(self, counter: str, amount: int, subject: str = ME) -> None:
        content = self.table.setdefault(subject, {"subject": {"S": subject}})
        before = int(content.get(counter, {"N": "0"})["N"])
        content[counter] = {"N": str(before + amount)}

    def audit_lines(
        self, since: datetime, until: datetime, _read: Fingerprint
    ) -> Iterator[LogItem]:
        for at, request_id in self._read(since, until):
            if request_id not in self.without_entry:
                line = {**audit_line(request_id), **self.entries_of[request_id]}
                yield LogItem(request_id, at.timestamp() + 1.5, line)

    def all_in_s3(self, since: datetime, until: datetime, _read: Fingerprint) -> Iterator[LogItem]:
        for at, request_id in self._read(since, until):
            content = record(request_id, at=at.timestamp())
            content["input"] |= {"inputTokenCount": 1000}
            content["output"] |= {"outputTokenCount": 100}
            content |= self.records_of.get(request_id, {})
            yield LogItem(request_id, at.timestamp(), content)

    def verify(self, until: datetime) -> None:
        """Run the clock until everything before `until` is sealed."""
        now = until + HOUR + timedelta(minutes=5)
        while self.run(now):
            continue

    def check(self, day: datetime) -> dict[str, Any]:
        """Return what the night after the day has sealed of its budgets."""
        (entry,) = [e for e in self.entries(day + DAY) if e["kind"] == "budgets"]
        return entry

    def findings(self) -> list[str]:
        """Return what is sealed of each finding of budgets: whose, and the words."""
        return [
            f"{entry['finding']['who']}: {entry['finding']['detail']}"
            for key, body in sorted(self.s3.objects.items())
            if key.endswith("Z.jsonl")
            for entry in map(json.loads, body.splitlines())
            if entry["kind"] == "finding" and entry["finding"]["kind"] == "budget_mismatch"
        ]


def _model() -> catalog.Model:
    assert HAIKU is not None
    return HAIKU


def _amounts() -> Amounts:
    return spending.amounts(_model(), "eu", cost.Usage(input=1000, output=100))


def _row(unit: str, per: str, start: datetime, charged: int) -> dict[str, Any]:
    whose = {"scope": "caller", "name": "search.nightly"}
    return {**whose, "unit": unit, "per": per, "since": f"{start:%Y-%m-%d}", "charged": charged}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> BudgetedAccount:
    """Whose chain has reached the last hour before FIRST."""
    made = BudgetedAccount(monkeypatch)
    made.run(FIRST + timedelta(minutes=5))
    assert key_of_hour(FIRST - 2 * HOUR) in made.s3.objects
    return made


def test_an_ordinary_day_yields_no_finding(account: BudgetedAccount) -> None:
    account.call("r1", FIRST + 9 * HOUR)
    # Begun before midnight, reserved behind it; and logged behind midnight, reserved before it:
    account.call("edge", FIRST - timedelta(milliseconds=5), reserved_at=FIRST)
    late = FIRST + DAY + timedelta(milliseconds=5)
    account.call("late", late, reserved_at=late - timedelta(milliseconds=10))
    # Charged in full, since nobody knows whether it was settled:
    account.call("unsettled", FIRST + 10 * HOUR)
    for row in account.entries_of["unsettled"]["budgets"]:
        row["charged_up_to"] = row["charged"] + 500
    account.add(f"usd#day#{FIRST:%Y-%m-%d}", 500)
    # Its function was killed after it had reserved, before it called Bedrock:
    until = int((FIRST + 11 * HOUR).timestamp()) + RESERVATION_SECONDS
    value = Reservation("gw", until, Amounts(700, 70)).value()
    account.table[ME][reservation_name("gw")] = {"S": value}
    account.add(f"usd#day#{FIRST:%Y-%m-%d}", 700)
    account.add(f"tokens#week#{FIRST:%Y-%m-%d}", 70)
    # Of no count of tokens, and cut off in its answer:
    account.call("silent", FIRST + 12 * HOUR)
    account.records_of["silent"] = {"output": {"outputBodyJson": {}}}
    account.call("cut", FIRST + 12 * HOUR)
    account.entries_of["cut"] |= {"upstream_complete": False, "outcome": "interrupted"}
    account.records_of["cut"] = {"output": {"outputBodyJson": {}, "outputTokenCount": 9000}}

    account.verify(FIRST + DAY + HOUR)

    assert account.findings() == []
    check = account.check(FIRST)
    assert (check["exact"], check["at_least"], check["above_unknown"]) == (1, 1, 0)
    account.verify(FIRST + 2 * DAY + HOUR)
    day_end = f"Budgets until {FIRST + DAY:%Y-%m-%dT%H:%M:%SZ}"
    line = f"{day_end}: 1 counters compared exactly, 1 with the least they may hold"
    assert any(line in text for _, text in account.sent)


@pytest.mark.parametrize("forged", [-1, 1, -2_000])
def test_a_counter_that_is_not_the_sum_of_its_calls_is_a_finding(
    account: BudgetedAccount, forged: int, capsys: pytest.CaptureFixture[str]
) -> None:
    account.call("r1", FIRST + 9 * HOUR)
    account.add(f"usd#day#{FIRST:%Y-%m-%d}", forged)

    account.verify(FIRST + DAY + HOUR)
    account.verify(FIRST + 2 * DAY + HOUR)

    (finding,) = account.findings()
    assert finding.startswith("search.nightly: the day's counter of caller search.nightly holds $")
    assert finding.endswith("at most" if forged > 0 else "or more")
    assert '"BudgetMismatch":[1' in capsys.readouterr().out.replace(" ", "")


def test_spending_that_no_call_explains_and_a_lost_item_are_findings(
    account: BudgetedAccount,
) -> None:
    account.call("r1", FIRST + 9 * HOUR)
    account.table.clear()
    account.add(f"usd#day#{FIRST:%Y-%m-%d}", 5, subject="stage")

    account.verify(FIRST + DAY + HOUR)

    by_whom = [finding.partition(":")[0] for finding in account.findings()]
    assert sorted(by_whom) == ["search.nightly", "search.nightly", "stage"]


def test_a_running_week_is_known_to_hold_less_than_its_days_and_found_once(
    account: BudgetedAccount,
) -> None:
    account.call("r1", FIRST + 9 * HOUR)
    account.add(f"tokens#week#{FIRST:%Y-%m-%d}", -1)

    account.verify(FIRST + 2 * DAY + HOUR)

    (finding,) = account.findings()
    assert "the week's counter of caller search.nightly holds 1,099 tokens" in finding


def test_a_week_that_ended_has_to_hold_just_its_calls(account: BudgetedAccount) -> None:
    account.call("r1", FIRST + 9 * HOUR)
    account.call("r2", FIRST + 6 * DAY + 23 * HOUR)
    account.add(f"tokens#week#{FIRST:%Y-%m-%d}", 1)

    account.verify(FIRST + 6 * DAY + HOUR)
    assert account.findings() == []
    account.verify(FIRST + 7 * DAY + HOUR)

    (finding,) = account.findings()
    assert "holds 2,201 tokens, and its calls were charged 2,200 tokens at most" in finding


@pytest.mark.parametrize(
    ("output_tokens", "kinds"), [(101, ["1"]), (99, ["1"]), (100, [])], ids=["more", "less", "same"]
)
def test_a_call_that_was_charged_other_tokens_than_its_record_has_is_a_finding(
    account: BudgetedAccount, output_tokens: int, kinds: list[str]
) -> None:
    account.call("r1", FIRST + 9 * HOUR)
    account.records_of["r1"] = {"output": {"outputBodyJson": {}, "outputTokenCount": output_tokens}}

    account.verify(FIRST + 10 * HOUR)

    assert len(account.findings()) == len(kinds)


def test_a_price_that_has_changed_since_the_call_is_no_finding(account: BudgetedAccount) -> None:
    account.call("r1", FIRST + 9 * HOUR)
    account.entries_of["r1"]["budgets_price"] = "00000000"
    account.entries_of["r1"]["budgets"][0]["charged"] *= 2

    account.verify(FIRST + 10 * HOUR)

    assert account.findings() == []


def test_a_cache_write_costs_between_five_minutes_and_an_hour(account: BudgetedAccount) -> None:
    usage = cost.Usage(input=1000, output=100, cache_write_1h=400)
    dear = spending.amounts(_model(), "eu", usage)
    account.call("r1", FIRST + 9 * HOUR)
    rows = account.entries_of["r1"]["budgets"]
    rows[0]["charged"], rows[1]["charged"] = dear
    account.entries_of["r1"]["cache_creation_input_tokens"] = 400
    written = {"inputTokenCount": 1000, "cacheReadInputTokenCount": 0}
    written["cacheWriteInputTokenCount"] = 400
    account.records_of["r1"] = {"input": {"inputBodyJson": {}, **written}}
    # Of a record that says nothing of caches, it cannot be told:
    account.call("r2", FIRST + 9 * HOUR)
    account.entries_of["r2"]["cache_creation_input_tokens"] = 400
    rows = account.entries_of["r2"]["budgets"]
    rows[0]["charged"], rows[1]["charged"] = dear

    account.verify(FIRST + 10 * HOUR)

    assert account.findings() == []


@pytest.mark.parametrize("unknown", ["entry lost", "older version", "hour unverified"])
def test_where_not_every_call_is_known_only_too_little_is_a_finding(
    account: BudgetedAccount, unknown: str
) -> None:
    account.call("r1", FIRST + 9 * HOUR)
    account.call("r2", FIRST + 10 * HOUR)
    if unknown == "entry lost":
        account.without_entry.add("r2")
    if unknown == "older version":
        del account.entries_of["r2"]["budgets"][0]["charged"]
    account.verify(FIRST + 20 * HOUR)
    if unknown == "hour unverified":
        del account.s3.objects[key_of_hour(FIRST + 10 * HOUR)]

    account.verify(FIRST + DAY + HOUR)

    assert account.findings() == []
    check = account.check(FIRST)
    assert (check["exact"], check["at_least"], check["above_unknown"]) == (0, 2, 1)


def test_a_table_that_cannot_be_read_is_sealed_as_not_compared(account: BudgetedAccount) -> None:
    account.call("r1", FIRST + 9 * HOUR)
    body: Any = {"Error": {"Code": "AccessDeniedException", "Message": "arn:aws:iam::1:role/x"}}
    account.refuses = ClientError(body, "Scan")

    account.verify(FIRST + DAY + HOUR)

    because = "they could not be read: AccessDeniedException of Scan"
    assert account.check(FIRST)["because"] == because
    assert account.findings() == []
