"""What usage adds up is what the calls were, to the token and to the cent's last part."""

import csv
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from claude_bedrock.cli.main import app
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.expiry import expiry_notes
from claude_bedrock.cli.usage import duckdb_engine, html_report, local_files, rows, table
from claude_bedrock.cli.usage.csv_rows import as_csv
from claude_bedrock.cli.usage.rows import Row, UnanswerableError
from claude_bedrock.cli.usage.totals import (
    Dimension,
    Sum,
    TeamProfile,
    Usage,
    usage,
    with_notes,
)
from demo.sample_call import Call, record
from tests.unit.cli.usage.conftest import SINCE, UNTIL, WEEK, Made

KEY = "AWSLogs/123456789012/BedrockModelInvocationLogs/us-east-1/2026/10/07/12/{}.json.gz"


def read_rows(folder: Path, since: datetime = SINCE, until: datetime = UNTIL) -> list[Row]:
    files = local_files.of_records(folder, since, until)
    return rows.read(*duckdb_engine.ask(rows.question(since, until), files))


@pytest.fixture(scope="session")
def week_rows(made: Made) -> list[Row]:
    """What the engine reads of the whole week."""
    return read_rows(made.folder)


def test_many_files_come_to_the_same_as_few(
    made: Made, week_rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(local_files.of_records(made.folder, SINCE, UNTIL)) > 20
    monkeypatch.setattr(duckdb_engine, "_FILES_AT_ONCE", 20)
    assert read_rows(made.folder) == week_rows


def by(calls: Sequence[Row], *dimensions: Dimension) -> Usage:
    return usage(calls, dimensions, {})


def tokens(calls: Sequence[Call]) -> tuple[int, ...]:
    answered = [call for call in calls if not call.throttled]
    return (
        len(calls),
        len(calls) - len(answered),
        sum(call.input for call in answered),
        sum(call.output for call in answered),
        sum(call.cache_read for call in answered),
        sum(call.cache_write for call in answered),
    )


FIRST = "2026-09-18 09:30 UTC"
MAY_BE_DELETED = (
    f"the stage keeps records for 45 days: of calls from before {FIRST} some may be gone"
)
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


class Deployed(Deployment):
    """Keeps records for 45 days."""

    def outputs(self, name: str) -> dict[str, str]:
        settings = {"region": "us-east-1", "geographies": ["us"], "models": [], "github": False}
        return {"Settings": json.dumps({**settings, "retention_days": 45})} if name else {}


ABOUT = html_report.About("dev", "1", "us-east-1", "w", "s", "u", "now", "0")


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (NOW - timedelta(days=45), []),
        (NOW - timedelta(days=45, seconds=1), [MAY_BE_DELETED]),
    ],
)
def test_what_may_have_expired_is_reported_in_terminal_data_and_page(
    week_rows: list[Row], since: datetime, expected: list[str]
) -> None:
    notes = expiry_notes(Deployed("dev", "us-east-1", None), "records", since, NOW)
    result = with_notes(by(week_rows, "model"), notes)

    assert notes == expected
    text, html = table.remarks(result), html_report.page([result], ABOUT)
    assert all(note in text and note[1:] in html for note in notes)


def test_the_sums_are_those_of_the_calls_by_every_dimension(
    made: Made, week_rows: list[Row]
) -> None:
    for dimension, value in (
        ("caller", lambda call: call.caller.session),
        ("model", lambda call: call.model),
        ("geography", lambda call: call.model_id.partition(".")[0]),
        ("day", lambda call: f"{datetime.fromtimestamp(call.at, UTC):%Y-%m-%d}"),
    ):
        groups = by(week_rows, dimension).groups  # type: ignore[arg-type]
        assert set(groups) == {(value(call),) for call in made.calls}
        for (name,), group in groups.items():
            data = group.as_data()
            own = [call for call in made.calls if value(call) == name]
            assert tuple(data[field] for field in _FIELDS) == tokens(own)


_FIELDS = (
    *("calls", "failed", "input_tokens", "output_tokens"),
    *("cache_read_tokens", "cache_write_tokens"),
)


def test_the_cost_is_the_sum_of_each_calls_own_long_prompts_among_them(
    made: Made, week_rows: list[Row]
) -> None:
    groups = by(week_rows, "model").groups

    assert {name: group.dollars.total for (name,), group in groups.items()} == made.dollars()
    assert any(call.large and call.model == "claude-haiku-5-5" for call in made.calls)


def test_the_premium_is_what_the_same_calls_would_not_cost_by_the_global_route() -> None:
    row = _row(model_id="us.anthropic.claude-opus-5-5", output_tokens=1_000_000)

    dollars = by([row], "model").total.dollars
    assert (dollars.total, dollars.premium) == (Decimal(22), Decimal(2))


def test_a_part_of_the_time_is_a_part_of_the_calls(made: Made) -> None:
    since, until = (
        datetime(2026, 10, 7, 9, 59, 30, tzinfo=UTC),
        datetime(2026, 10, 7, 12, tzinfo=UTC),
    )
    own = [call for call in made.calls if since.timestamp() <= call.at < until.timestamp()]

    assert by(read_rows(made.folder, since, until), "model").total.calls == len(own) > 50


def test_a_record_that_was_written_twice_counts_once(made: Made, tmp_path: Path) -> None:
    lines = [record(call, WEEK.gateway_arn) for call in made.calls[:100]]
    _store(tmp_path, "1", lines, made.calls[0])
    _store(tmp_path, "2", lines[50:], made.calls[0])

    assert tokens(made.calls[:100])[:2] == _counted(read_rows(tmp_path))


def test_a_second_record_of_an_id_lowers_no_count(made: Made, tmp_path: Path) -> None:
    lines = [record(call, WEEK.gateway_arn) for call in made.calls[:100]]
    emptied = {"inputTokenCount": 0, "outputTokenCount": 0}
    forged = [
        json.dumps(
            {**content, **{side: {**content[side], **emptied} for side in ("input", "output")}}
        )
        for content in map(json.loads, lines)
        if content.get("output")
    ]
    _store(tmp_path, "1", lines, made.calls[0])
    expected = by(read_rows(tmp_path), "caller").total.as_data()

    _store(tmp_path, "2", forged, made.calls[0])

    assert forged
    assert by(read_rows(tmp_path), "caller").total.as_data() == expected


def _counted(calls: Sequence[Row]) -> tuple[int, int]:
    total = by(calls, "model").total
    return total.calls, total.failed


def _store(folder: Path, name: str, lines: Sequence[str], call: Call) -> Path:
    at = datetime.fromtimestamp(call.at, UTC)
    key = KEY.format(name).replace("2026/10/07/12", f"{at:%Y/%m/%d/%H}")
    return _put(folder / key, "\n".join(lines).encode())


def _put(file: Path, text: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text))
    return file


def test_what_the_catalog_cannot_price_is_reported_and_left_out() -> None:
    unknown = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    result = by(
        [_row(model_id=unknown, calls=3), _row(model_id="anthropic.claude-opus-5-5")], "model"
    )

    assert (result.total.unpriced, result.total.dollars.total) == (4, Decimal())
    assert any(unknown in note for note in result.notes)
    assert any("names no geography" in note for note in result.notes)
    lines = list(csv.DictReader(io.StringIO(as_csv(result))))
    assert {line["dollars_total"] for line in lines} == {""}
    about = html_report.About(
        "dev", "1", "us", "a day", SINCE.isoformat(), UNTIL.isoformat(), "", ""
    )
    assert html_report.page([result], about).count(">no price<") == len(lines)
    assert table._numbers(result.total)[-1] == "no price"


def test_a_teams_own_profile_is_priced_as_the_one_it_copies() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    profiles = {arn: TeamProfile("search", "global.anthropic.claude-opus-5-5")}

    result = usage([_row(model_id=arn, input_tokens=1_000_000)], ["team", "model"], profiles)

    assert list(result.groups) == [("search", "claude-opus-5-5")]
    assert result.total.dollars.total == 4


def _row(**values: Any) -> Row:  # noqa: ANN401 - fields of a row
    empty = Row("2026-10-07", "default", "", "us-east-1", 0, 1, 0, 0, 0, 0, 0, 0)
    return empty._replace(**values)


# --- Files that are not whole, or not what they should be

COMPLETE = b'{"requestId":"1","timestamp":"2026-10-07T12:00:00Z","modelId":"m"}\n' * 100


@pytest.mark.parametrize(
    ("content", "calls", "unreadable"),
    [
        (gzip.compress(COMPLETE)[:-20], 1, 1),
        (COMPLETE, 1, 1),
        (b"", 1, 1),
        (gzip.compress(COMPLETE + b"a-secret-prompt\n"), 1, 1),
        (gzip.compress(COMPLETE + b"a-secret-prompt\n" * 3), 1, 3),
        (gzip.compress(COMPLETE + b'["a-secret-prompt"]\n'), 1, 1),
        (gzip.compress(COMPLETE + b'{"a":"a-secret-prompt"}\n'), 1, 1),
        (gzip.compress(COMPLETE + b'{"requestId":"2","modelId":"m"}\n'), 1, 1),
        (gzip.compress(COMPLETE[:-9]), 1, 1),
    ],
    ids=[
        *("cut", "not gzip", "empty", "no JSON", "three lines", "list", "no record", "no time"),
        "half a line",
    ],
)
def test_what_cannot_be_read_is_counted_and_named_and_nothing_of_it_is_printed(
    content: bytes, calls: int, unreadable: int, tmp_path: Path
) -> None:
    _put(tmp_path / KEY.format("whole"), COMPLETE)
    (tmp_path / KEY.format("broken")).write_bytes(content)

    as_json, people = (_command("--from", str(tmp_path), *form) for form in (["--json"], []))

    assert (as_json.exit_code, people.exit_code) == (2, 2)
    data = json.loads(as_json.stdout)
    assert (data["total"]["calls"], data["total"]["unreadable"]) == (calls, unreadable)
    assert sum(group["calls"] for group in data["groups"]) == calls
    assert any("broken.json.gz" in note for note in data["notes"])
    assert any(f"cannot be read: {unreadable} records" in note for note in data["notes"])
    assert f"cannot be read: {unreadable} records" in people.stdout
    assert "secret" not in as_json.output + people.output


def test_a_number_that_is_none_leaves_the_call_without_counts(tmp_path: Path) -> None:
    counts = b'"input":{"inputTokenCount":"a-secret-prompt"}'
    line = COMPLETE.splitlines()[0][:-1] + b"," + counts + b"}\n"
    _put(tmp_path / KEY.format("one"), line)
    result = _command("--from", str(tmp_path))
    assert result.exit_code == 0
    assert "not in the dollars, for lack of token counts: 1 call\n" in result.stdout
    assert "secret" not in result.output


def test_a_folder_without_records_is_not_an_answer(tmp_path: Path) -> None:
    (tmp_path / "other.json.gz").write_bytes(b"")
    with pytest.raises(UnanswerableError, match="has no records"):
        local_files.of_records(tmp_path, SINCE, UNTIL)


def test_large_bodies_and_what_is_no_key_of_a_record_are_not_read(tmp_path: Path) -> None:
    stored = _put(tmp_path / "synced" / "data" / KEY.format("1"), COMPLETE)
    _put(tmp_path / KEY.format("data/1_input"), b"{}")

    assert local_files.of_records(tmp_path, SINCE, UNTIL) == [stored]
    assert sum(row.calls for row in read_rows(tmp_path)) == 1


# --- The command


def _command(*arguments: str) -> Result:
    window = ("--since", "2026-10-01", "--until", "2026-11-01")
    return CliRunner().invoke(app, ["usage", *window, *arguments])


def test_the_command_prints_exact_json_and_a_short_table(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    arguments = ("--from", str(made.folder), "--by", "team,model")

    body = json.loads(_command(*arguments, "--json", "--out", str(out)).stdout)
    table = _command(*arguments)

    assert body["total"]["calls"] == len(made.calls)
    assert {(group["team"], group["model"]) for group in body["groups"]} >= {
        ("search", "claude-opus-5-5"),
        ("(no team)", "claude-haiku-5-5"),
    }
    assert (table.exit_code, "3000" in table.stdout) == (0, True)
    html_report = out.read_text()
    assert f"{len(made.calls):,}" in html_report
    assert "default-src 'none'" in html_report
    assert "://" not in html_report


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_what_was_reckoned_is_printed_though_the_page_cannot_be_written(made: Made) -> None:
    arguments = ("--from", str(made.folder), "--since", "2026-10-01", "--until", "2026-10-03")

    done = _command(*arguments, "--out", "/dev/full")

    assert done.exit_code == 2
    assert "claude-haiku-4-5" in done.stdout
    assert done.stderr == "claude-bedrock: No space left on device\n"


def test_the_page_is_written_into_a_folder_that_is_made_for_it(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "reports" / "nov.html"
    arguments = ("--from", str(made.folder), "--since", "2026-10-01", "--until", "2026-10-03")

    assert _command(*arguments, "--out", str(out)).exit_code == 0
    assert "claude-haiku-4-5" in out.read_text()


def test_a_mistake_in_the_question_is_one_line() -> None:
    for mistake in (("--by", "color"), ("--from", "a", "--athena"), ("--hours", "3")):
        result = _command(*mistake)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_the_program_starts_without_the_engine() -> None:
    loaded = "import sys, claude_bedrock.cli.main; sys.exit('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0


def test_no_calls_are_an_answer() -> None:
    assert rows.read(*duckdb_engine.ask(rows.question(SINCE, UNTIL), [])) == []


def test_csv_has_the_groups_of_the_json_with_exact_dollars(made: Made) -> None:
    arguments = ("--from", str(made.folder), "--by", "team,model")

    body = json.loads(_command(*arguments, "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(_command(*arguments, "--csv").stdout)))

    assert [(row["team"], row["model"], row["calls"], row["dollars_total"]) for row in rows] == [
        (group["team"], group["model"], str(group["calls"]), group["dollars"]["total"])
        for group in body["groups"]
    ]
    assert _command(*arguments, "--csv", "--json").exit_code == 2


@pytest.mark.parametrize("caller", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", "\uff1d1"])
def test_a_callers_name_is_no_formula_in_csv(caller: str) -> None:
    group = Sum()
    (row,) = csv.DictReader(io.StringIO(as_csv(Usage(("caller",), {(caller,): group}, group, ()))))

    assert row["caller"].startswith("'")


def test_a_callers_name_is_one_cell_where_semicolons_separate() -> None:
    group = Sum()
    text = as_csv(Usage(("caller",), {("a;=1+1",): group}, group, ()))
    (row,) = list(csv.reader(io.StringIO(text), delimiter=";"))[1:]

    assert not any(cell.startswith("=") for cell in row)


def test_csv_without_calls_has_the_names_of_its_columns() -> None:
    (names,) = csv.reader(io.StringIO(as_csv(Usage(("day",), {}, Sum(), ()))))

    assert names[0] == "day"
    assert "dollars_total" in names
