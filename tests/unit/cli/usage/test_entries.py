"""Usage by audit log entries comes to what records of the same calls come to, and reads none."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from claude_bedrock.cli.main import app
from claude_bedrock.cli.shared import deployment as deployments
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.usage import command as usage_command
from claude_bedrock.cli.usage import entry_rows
from claude_bedrock.cli.usage.bill.comparison import Comparison
from claude_bedrock.cli.usage.rows import Row
from claude_bedrock.cli.usage.totals import Usage, usage
from claude_bedrock.records.log_item import LogItem
from demo.sample_call import audit_line
from tests.unit.cli.usage.conftest import SINCE, UNTIL, Made
from tests.unit.cli.usage.test_usage import read_rows

AT = datetime(2026, 10, 7, 12, tzinfo=UTC).timestamp()
ROLE = "arn:aws:iam::123456789012:role/claude-on-bedrock-dev-us-east-1-gateway"
ENTRY = {
    "gateway_request_id": "g1",
    "bedrock_request_id": "b1",
    "api_key_name": "search.web",
    "route": "POST /v1/messages",
    "model_id": "global.anthropic.claude-haiku-5-5",
    "upstream_status": 200,
    "upstream_complete": True,
    "status": 200,
    "outcome": "completed",
    "duration_ms": 1000,
    "input_tokens": 10,
    "output_tokens": 5,
}


def item(at: float = AT, **changes: Any) -> LogItem:  # noqa: ANN401 - fields
    entry = {name: value for name, value in {**ENTRY, **changes}.items() if value is not None}
    return LogItem("log group g, event 1", at, entry, earliest=at - 900)


def add_up(*items: LogItem) -> list[Row]:
    return entry_rows.add_up(items, SINCE, UNTIL)


def total(*items: LogItem) -> dict[str, int]:
    data = usage(add_up(*items), ["caller"], {}, "audit log entries").total.as_data()
    return {name: value for name, value in data.items() if name != "dollars" and value}


def test_entries_come_to_the_tokens_and_dollars_of_the_records(made: Made) -> None:
    entries = [LogItem("", call.at + 1, audit_line(call)) for call in made.calls]
    of_entries, of_records = add_up(*entries), read_rows(made.folder)

    for by in ("caller", "team", "model", "geography", "day"):
        by_entries, by_records = (_sums(usage(rows, [by], {})) for rows in (of_entries, of_records))
        assert by_entries == by_records
    assert sum(row.above_tokens > 0 for row in of_entries)


@pytest.mark.parametrize(
    ("an_hour", "dollars", "notes"),
    [
        (0, "0.00375", ()),
        (10_000, "0.0045", ()),
        (99_999, "0.006", ()),  # more than was written is all of it
        (None, "0.00375", ("cache writes of an unknown lifetime at the 5-minute rate",)),
    ],
)
def test_a_cache_write_costs_what_its_lifetime_does(
    an_hour: int | None, dollars: str, notes: tuple[str, ...]
) -> None:
    written: dict[str, Any] = {
        "cache_creation_input_tokens": 30_000,
        "cache_creation_1h_input_tokens": an_hour,
    }
    of_call = usage(add_up(item(**written)), ["caller"], {}, "audit log entries")

    assert (of_call.total.dollars.cache_write, of_call.notes) == (Decimal(dollars), notes)


def test_a_tier_without_a_price_is_named_beside_the_dollars() -> None:
    items = [item(service_tier=tier) for tier in (None, "standard", "default", "priority")]
    notes = [usage(add_up(each), ["caller"], {}, "audit log entries").notes for each in items]

    named = "calls at the tier priority at the standard rates: AWS publishes no others"
    assert notes == [(), (), (), (named,)]


def _sums(result: Usage) -> Mapping[tuple[str, ...], dict[str, Any]]:
    return {key: group.as_data() for key, group in result.groups.items()}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"calls": 1, "input_tokens": 10, "output_tokens": 5}),
        ({"route": "POST /v1/messages/count_tokens"}, {}),
        ({"model_id": None}, {}),
        ({"upstream_status": 429, "input_tokens": None}, {"calls": 1, "failed": 1}),
        ({"upstream_reached": False, "upstream_status": None}, {}),
        ({"output_tokens": None}, {"calls": 1, "uncounted": 1}),
        ({"upstream_complete": False}, {"calls": 1, "incomplete": 1}),
        ({"outcome": "caller_gone"}, {"calls": 1, "incomplete": 1}),
        ({"model_id": 7}, {"unreadable": 1}),
        ({"earlier_attempts": 7}, {"unreadable": 1}),
        ({"earlier_attempts": [7]}, {"unreadable": 1}),
        (
            {"earlier_attempts": [{"model_id": "m", "upstream_status": 429}]},
            {"calls": 2, "failed": 1},
        ),
    ],
)
def test_an_entry_counts_for_what_bedrock_did(
    changes: Mapping[str, Any], expected: Mapping[str, int]
) -> None:
    counted = total(item(**changes))

    assert {**counted, **expected} == counted
    assert bool(counted) == bool(expected)


def test_an_entry_that_came_twice_counts_once_and_its_time_is_that_of_its_request() -> None:
    assert total(item(), item())["calls"] == 1
    assert not add_up(item(UNTIL.timestamp() + 1.5))
    assert add_up(item(UNTIL.timestamp() + 0.5))[0].day == "2026-10-31"


class Stage(Deployment):
    """A stage with audit log entries, whose S3 counts what is fetched."""

    entries: tuple[Mapping[str, Any], ...] = ()
    fetched: list[str]

    def client(self, _: str) -> Any:  # noqa: ANN401 - as boto3's
        return self

    def outputs(self, name: str) -> Mapping[str, str]:
        settings = {"region": "us-east-1", "geographies": ["us"], "models": [], "github": False}
        return {
            "ModelAccess": {"Settings": json.dumps({**settings, "retention_days": 4000})},
            "Gateway": {"FunctionLogGroupName": "/g", "FunctionRoleArn": ROLE},
            "InvocationLogging": {"LogGroupName": "/i", "LogBucketName": "b"},
        }[name]

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}

    def filter_log_events(
        self,
        *,
        startTime: int,  # noqa: N803 - boto3's
        endTime: int,  # noqa: N803
        **_: object,
    ) -> dict[str, Any]:
        events = [
            {"eventId": str(number), "timestamp": int(AT * 1000), "message": json.dumps(line)}
            for number, line in enumerate(self.entries)
        ]
        return {"events": events if startTime <= AT * 1000 <= endTime else []}

    def get_paginator(self, _: str) -> "Stage":
        return self

    def paginate(self, **_: object) -> Iterator[dict[str, Any]]:
        yield {}

    def get_object(self, *, Key: str, **_: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.fetched.append(Key)
        raise AssertionError(Key)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage("dev", "us-east-1", None)
    stage.fetched = []
    stage.entries = (
        {"audit": ENTRY},
        {"audit": 7},
        {"audit": {**ENTRY, "gateway_request_id": "2"}},
    )
    monkeypatch.setattr(deployments, "chosen", lambda *_: stage)
    return stage


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["usage", "--month", "2026-10", *arguments])


def test_no_object_is_fetched_to_count_tokens_and_the_answer_names_its_source(
    stage: Stage,
) -> None:
    result = command("--json", "--by", "team")

    data = json.loads(result.stdout)
    assert (data["total"]["calls"], data["total"]["input_tokens"]) == (2, 20)
    assert (data["source"], data["groups"][0]["team"]) == ("audit log entries", "search")
    (note,) = [note for note in data["notes"] if note.startswith("counted from")]
    assert "calls that bypass the gateway" in note
    assert "calls with a lost entry" in note
    assert (result.exit_code, data["total"]["unreadable"]) == (2, 1)  # the line that is no entry
    assert "cannot be read: 1 audit log entries" in command().stdout
    assert not stage.fetched


class OwnBill:
    """A bill without lines."""

    def __init__(self, *_: object) -> None: ...

    def compare(self, *_: object) -> Comparison:
        return Comparison("caller", [], {}, "")


@pytest.mark.usefixtures("stage")
def test_a_bill_beside_entries_that_cannot_be_read_is_not_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usage_command, "Bill", OwnBill)

    data, text = command("--bill", "bill.csv", "--json"), command("--bill", "bill.csv")

    note = "not compared, since they cannot be read: 1 audit log entries"
    assert (data.exit_code, text.exit_code) == (2, 2)
    assert note in json.loads(data.stdout)["notes"]
    assert note in text.stderr


def test_what_entries_do_not_know_is_refused_with_the_way_to_it(stage: Stage) -> None:
    result = command("--by", "region")

    assert result.exit_code == 2
    assert "do not name the region that answered. Add --records" in result.stderr
    assert (
        json.loads(command("--by", "region", "--json", "--records").stdout)["source"] == "records"
    )
    assert not stage.fetched
