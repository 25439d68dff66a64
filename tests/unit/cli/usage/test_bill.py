"""`claude-bedrock usage --bill`: a generated export beside the records that it bills."""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from claude_bedrock import catalog
from claude_bedrock.caller_sessions.session_name import session_name
from claude_bedrock.catalog.cost import rates
from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.usage.bill import export, of_stage
from claude_bedrock.cli.usage.bill.comparison import NO_SESSION, Comparison, Stage, compare
from claude_bedrock.cli.usage.rows import Row, UnanswerableError
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.principals import Principals

ACCOUNT = "123456789012"
GATEWAY = f"arn:aws:iam::{ACCOUNT}:role/claude-on-bedrock-prod-eu-west-1-gateway"
CALLERS = f"arn:aws:iam::{ACCOUNT}:role/claude-on-bedrock-prod-eu-west-1-caller"
SESSIONS = f"arn:aws:sts::{ACCOUNT}:assumed-role/claude-on-bedrock-prod-eu-west-1-caller"
STAGE = Stage(Principals(GATEWAY, caller_role=CALLERS), "eu-west-1")
SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
MODEL = "claude-haiku-4-5"
LONG = "deploy/" + "k" * 80
MILLION = 1_000_000
LAST_DAY = "2026-10-05"  # of a bill: it is not complete, and those before are
COLUMNS = {
    "line_item_iam_principal": "VARCHAR",
    "line_item_line_item_type": "VARCHAR",
    "line_item_usage_start_date": "TIMESTAMP",
    "line_item_usage_type": "VARCHAR",
    "line_item_usage_amount": "DOUBLE",
    "line_item_unblended_cost": "DOUBLE",
    "line_item_currency_code": "VARCHAR",
    "line_item_product_code": "VARCHAR",
    "product_region_code": "VARCHAR",
    "pricing_unit": "VARCHAR",
    "bill_invoice_id": "VARCHAR",
    "tags": "MAP(VARCHAR, VARCHAR)",
}
Line = dict[str, Any]


def row(caller: str, day: str = "2026-10-02", tokens: int = MILLION, **changes: Any) -> Row:  # noqa: ANN401 - fields
    """A record's row: as many tokens in as out, by the global profile."""
    model = catalog.find(MODEL)
    assert model is not None
    model_id = catalog.profile_id(model, "global")
    made = Row(day, caller, model_id, "eu-west-1", 0, 10, 0, 0, tokens, tokens, 0, 0)
    return made._replace(**changes)


def price() -> tuple[Decimal, Decimal]:
    model = catalog.find(MODEL)
    assert model is not None
    per_million = rates(model, "global")
    return per_million.input, per_million.output


def bill(caller: str, day: str = "2026-10-02", tokens: int = MILLION, **changes: Any) -> list[Line]:  # noqa: ANN401 - as above
    """The lines of a bill for such a row."""
    kinds = zip(("InputTokenCount", "OutputTokenCount"), price(), strict=True)
    team, dot, _ = caller.partition(".")
    return [
        {
            "line_item_iam_principal": f"{SESSIONS}/{session_name(caller)}",
            "line_item_line_item_type": "Usage",
            "line_item_usage_start_date": f"{day} 10:00:00",
            "line_item_usage_type": f"EUW1-MP:EUW1_{kind}_Global-Units",
            "line_item_usage_amount": tokens / MILLION,
            "line_item_unblended_cost": float(rate * tokens / MILLION),
            "line_item_currency_code": "USD",
            "line_item_product_code": "4abcd7efg",
            "product_region_code": "eu-west-1",
            "pricing_unit": "1M tokens",
            "bill_invoice_id": None,
            "tags": {"iamPrincipal/team": team} if dot else {},
            **changes,
        }
        for kind, rate in kinds
    ]


def write(file: Path, lines: Sequence[Line], columns: dict[str, str] = COLUMNS) -> Path:
    """An export of these lines, as Parquet or CSV by the file's ending."""
    with duckdb.connect() as connection:
        fields = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE bill ({fields})")
        for line in lines:
            marks = ", ".join("?" for _ in columns)
            values = [line[name] for name in columns]
            connection.execute(f"INSERT INTO bill VALUES ({marks})", values)  # noqa: S608 - marks
        if file.suffix == ".parquet":
            connection.execute(f"COPY bill TO '{file}' (FORMAT parquet)")
        else:
            as_json = "SELECT * REPLACE (to_json(tags) AS tags) FROM bill"
            connection.execute(f"COPY ({as_json}) TO '{file}' (FORMAT csv, HEADER)")
    return file


def compared(
    file: Path,
    rows: Sequence[Row],
    lines: Sequence[Line],
    by: Any = "caller",  # noqa: ANN401 - By
) -> Comparison:
    written = export.read(write(file, lines), SINCE, UNTIL)
    return compare(rows, written, STAGE, {}, by)


def reasons(comparison: Comparison) -> dict[str, str | None]:
    return {group.name: group.reason for group in comparison.groups}


@pytest.fixture(params=["bill.parquet", "bill.csv"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def test_a_bill_of_the_same_calls_has_no_difference(file: Path) -> None:
    callers = ["search.web", "ana@example.com", "Deployer/ci", LONG]
    rows = [row(caller, tokens=1000 * n) for n, caller in enumerate(callers, 1)]
    lines = [line for n, name in enumerate(callers, 1) for line in bill(name, tokens=1000 * n)]
    comparison = compared(file, rows, lines)

    assert reasons(comparison) == dict.fromkeys(callers)
    assert all(group.recorded == group.billed > 0 for group in comparison.groups)
    assert comparison.others == {}
    assert json.dumps(comparison.as_data())


def test_teams_are_compared_by_the_sessions_tag(file: Path) -> None:
    callers = ("search.web", "search.app", "alone")
    person, of_team = "eve@example.com", "ana@example.com"  # whose addresses name no team
    rows = [row(caller) for caller in (*callers, person, of_team)]
    lines = [line for caller in callers for line in bill(caller)]
    lines += bill(person, tags={}) + bill(of_team, tags={"iamPrincipal/team": "support"})
    expected = dict.fromkeys(["search", "support", "(no team)"])
    assert reasons(compared(file, rows, lines, "team")) == expected


@pytest.mark.parametrize(
    ("rows", "lines", "reason"),
    [
        ([row("a")], bill("a", tokens=MILLION + 100), "rounding"),
        ([row("a")], [*bill("a", tokens=MILLION // 2)], "other tokens"),
        ([row("a"), row("a", LAST_DAY)], bill("a"), "billed later"),
        ([row("a")], bill("a", line_item_unblended_cost=9.0), "other rates"),
        ([row("a")], bill("a", pricing_unit="Units", line_item_unblended_cost=9.0), "other tokens"),
        ([row("a")], [], "not in the bill"),
        ([row("a", "2026-10-31")], bill("c", bill_invoice_id="1"), "not in the bill"),
        ([row("a", "2026-11-01")], bill("c", bill_invoice_id="1"), "billed later"),
        ([], bill("a"), "not in the records"),
        ([row("a", model_id="anthropic.new")], bill("a"), "no price in the catalog"),
    ],
)
def test_a_difference_has_its_reason(
    file: Path, rows: list[Row], lines: list[Line], reason: str
) -> None:
    comparison = compared(file, [*rows, row("b", LAST_DAY)], [*lines, *bill("b", LAST_DAY)])
    assert reasons(comparison).items() >= {"a": reason, "b": None}.items()


def test_a_bill_without_the_gateways_calls_is_not_late(file: Path) -> None:
    assert reasons(compared(file, [row("a")], [])) == {"a": "not in the bill"}


def test_calls_in_the_gateways_own_role_are_of_no_caller(file: Path) -> None:
    role = GATEWAY.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/function"
    lines = bill("a", line_item_iam_principal=role)
    comparison = compared(file, [row("a"), row("b", LAST_DAY)], [*lines, *bill("b", LAST_DAY)])
    reason = "no caller session"
    assert reasons(comparison) == {"a": reason, "b": None, NO_SESSION: reason}


def test_what_is_no_call_through_the_gateway_is_listed(file: Path) -> None:
    other_user = f"arn:aws:iam::{ACCOUNT}:user/eve"
    lines = [
        *bill("a"),
        *bill("a", line_item_iam_principal=other_user),
        *bill("a", product_region_code="us-east-1"),
        *bill("a", line_item_usage_type="EUW1-Guardrail-TopicPolicyUnitsConsumed"),
        *bill("a", line_item_iam_principal=None, line_item_product_code="AmazonBedrock"),
        *bill("a", line_item_line_item_type="Tax", line_item_unblended_cost=0.5),
        *bill("a", line_item_iam_principal=None, line_item_product_code="AmazonEC2"),
        *bill("a", day="2026-11-01"),
    ]
    past_the_gateway = row(other_user, principal=f"arn:aws:iam::{ACCOUNT}:user/eve")
    comparison = compared(file, [row("a", principal=SESSIONS), past_the_gateway], lines)

    dollars = sum(price())
    assert reasons(comparison) == {"a": None}
    assert comparison.others == {
        ("not by the gateway", other_user): dollars,
        ("other Region", "us-east-1"): dollars,
        ("guardrail", "eu-west-1"): dollars,
        ("other charge", "Tax"): Decimal(1),
        ("without a principal", "eu-west-1"): dollars,
    }


def test_quotes_and_line_ends_of_a_csv_are_read_as_rfc_4180_has_them(tmp_path: Path) -> None:
    """With DuckDB's guess of the dialect, the tag was lost."""
    text = "x{y}', x{y},\n#x{y}',\""
    tags = json.dumps({"iamPrincipal/team": 'a"', "x": text})
    product = json.dumps({"product_name": "Claude Haiku 4.5 (Amazon Bedrock Edition)"})
    (line, _) = bill("a")
    del line["tags"]
    lines = [{**line, "line_item_line_item_description": text, "product": product, "tags": tags}]
    file = tmp_path / "bill.csv"
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)

    assert {line.team for line in export.read(file, SINCE, UNTIL)} == {'a"'}


def test_an_export_without_principals_names_what_to_choose(tmp_path: Path) -> None:
    columns = {name: kind for name, kind in COLUMNS.items() if name != export.PRINCIPAL}
    file = write(tmp_path / "bill.parquet", bill("a"), columns)
    with pytest.raises(UnanswerableError, match="Include caller identity"):
        export.read(file, SINCE, UNTIL)


def test_a_stage_without_an_endpoint_has_no_calls_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SimpleNamespace(has_endpoint=False)
    monkeypatch.setattr(stage_settings, "deployed", lambda _: settings)
    where: Any = SimpleNamespace(stage="direct")
    with pytest.raises(UnanswerableError, match="stage direct has no endpoint"):
        of_stage.Bill(tmp_path, ["caller"], where, Period(SINCE, UNTIL, UNTIL - SINCE, UNTIL))


def test_optional_columns_may_be_absent(tmp_path: Path) -> None:
    absent = {"tags", "product_region_code", "pricing_unit", "bill_invoice_id"}
    columns = {name: kind for name, kind in COLUMNS.items() if name not in absent}
    file = write(tmp_path / "bill.parquet", bill("a"), columns)
    comparison = compare([row("a")], export.read(file, SINCE, UNTIL), STAGE, {}, "caller")
    assert reasons(comparison) == {"a": None}


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("bill.txt", "x", "is not a file of Parquet or CSV"),
        ("bill.parquet", "not parquet, and a secret", "cannot be read as Parquet or CSV"),
        ("bill.csv", "a,b\n1,2\n", "lacks the column line_item_line_item_type"),
    ],
)
def test_what_is_no_export_is_one_line(tmp_path: Path, name: str, content: str, error: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UnanswerableError, match=error) as raised:
        export.read(tmp_path / name, SINCE, UNTIL)
    assert "secret" not in str(raised.value)


def test_another_currency_is_not_compared(file: Path) -> None:
    write(file, [*bill("a"), *bill("a", line_item_currency_code="CNY")])
    with pytest.raises(UnanswerableError, match="has lines in CNY"):
        export.read(file, SINCE, UNTIL)


def test_a_charge_without_an_amount_is_no_usage(file: Path) -> None:
    credit = bill("a", line_item_line_item_type="Credit", line_item_usage_amount=None)
    credit[0]["line_item_unblended_cost"] = None
    credit[1]["line_item_unblended_cost"] = -0.5
    comparison = compared(file, [row("a")], [*bill("a"), *credit])
    assert reasons(comparison) == {"a": None}
    assert comparison.others == {("other charge", "Credit"): Decimal("-0.5")}


def test_two_versions_of_an_export_would_count_twice(file: Path) -> None:
    folders = [file.parent / name for name in ("20261015-a", "20261031-b", "next month")]
    for folder, day in zip(folders, ("2026-10-02", "2026-10-02", "2026-11-01"), strict=True):
        folder.mkdir()
        write(folder / file.name, bill("a", day))

    with pytest.raises(UnanswerableError, match="has 2026-10 in 2 folders"):
        export.read(file.parent, SINCE, UNTIL)
    later = datetime(2026, 12, 1, tzinfo=UTC)
    folders[0].joinpath(file.name).unlink()
    assert len(export.read(file.parent, SINCE, later)) == 2 * len(bill("a"))


@pytest.mark.parametrize(
    ("usage_type", "kind"),
    [
        ("USE1-Claude4.6Sonnet-input-tokens", "input"),
        ("USE1-Claude4.6Opus-output-tokens", "output"),
        ("USE1-MP:USE1_InputTokenCount-Units", "input"),
        ("USW2-MP:USW2_output_tokens_global_standard-Units", "output"),
        ("USE1-MP:USE1_CacheReadInputTokenCount_Global-Units", "cache_read"),
        ("USE1-MP:USE1_cache_write_tokens_standard-Units", "cache_write"),
        ("EUW1-Guardrail-ContentPolicyUnits", "guardrail"),
        ("EUW1-ModelUnits", ""),
    ],
)
def test_a_usage_type_counts_one_kind_of_token(usage_type: str, kind: str) -> None:
    assert export.usage_kind(usage_type) == kind
