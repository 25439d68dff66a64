"""Every command shows what others wrote: it moves no cursor, and passes for no line of ours."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import RenderableType

from claude_bedrock.cli.doctor.check import Check
from claude_bedrock.cli.doctor.report import report
from claude_bedrock.cli.findings import command as findings_command
from claude_bedrock.cli.keys import command as keys_command
from claude_bedrock.cli.keys.api_keys import Key
from claude_bedrock.cli.logs import call_records
from claude_bedrock.cli.logs import command as log_commands
from claude_bedrock.cli.logs.call_records import CallRecords
from claude_bedrock.cli.logs.listing import CallsRead, Line, LogFilter, Unreadable
from claude_bedrock.cli.logs.no_match import no_match
from claude_bedrock.cli.shared.terminal import console, echo, escape_line
from claude_bedrock.cli.usage import table
from claude_bedrock.cli.usage.totals import Sum, Usage
from claude_bedrock.cli.verify import command as verify_command
from claude_bedrock.cli.verify.chain_report import listed as listed_hours
from claude_bedrock.records.invocation_records import Stored
from claude_bedrock.verification.finding import Finding
from claude_bedrock.verification.period import Period

FORGED = "2026-11-29T10:30:00Z  forged"
HOSTILE = f"x\x1b]0;pwned\x07\x1b[2J\x9b2J\r\u202e\u2028\n{FORGED}"
NOW = datetime(2026, 11, 29, tzinfo=UTC)
LINE = Line(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1, 2, HOSTILE, {"prompt": HOSTILE})


def show(thing: RenderableType) -> None:
    console().print(thing)


def verify_findings() -> None:
    hostile = Finding("bypassed_gateway", *[HOSTILE] * 6)
    for finding in verify_command._findings([hostile]):
        show(finding)


def findings_list() -> None:
    names = ("id", "kind", "request_id", "at", "model_id", "who", "detail")
    accepted = {"by": HOSTILE, "reason": HOSTILE}
    item = dict.fromkeys(names, HOSTILE) | {"state": "open", "accepted": accepted}
    findings_command._show([item], 0, 7)


def usage() -> None:
    total = Sum()
    show(table.shown(Usage(("caller", "model"), {(HOSTILE, HOSTILE): total}, total, ()), "title"))


def log_list() -> None:
    log_commands._as_text(LINE._replace(content={}))


def log_show() -> None:
    metadata = {"api_key_name": HOSTILE}
    names = ("requestId", "timestamp", "modelId", "operation", "errorCode")
    record = dict.fromkeys(names, HOSTILE) | {"requestMetadata": metadata}
    records = CallRecords(record, Stored(record, "bucket", HOSTILE))
    log_commands._show(call_records.summary(records), {})


def no_such_call() -> None:
    read, unreadable = CallsRead(), Unreadable()
    read.add(LINE)
    unreadable.add(HOSTILE)
    window = Period(NOW - timedelta(hours=1), NOW, timedelta(0), NOW)
    echo(escape_line(no_match(LogFilter(model=HOSTILE), window, read)))
    echo(escape_line(f"claude-bedrock: {unreadable}"))


def key_list() -> None:
    show(keys_command._listed([Key(HOSTILE, HOSTILE, HOSTILE, True, NOW, None, False)], NOW))


def doctor() -> None:
    show(report([Check("name", HOSTILE, "failed", "found", "fix")]))


def sealed_hours() -> None:
    echo(f"Broken: {listed_hours([HOSTILE])}.")


COMMANDS = (
    *(verify_findings, findings_list, usage, log_list, log_show, no_such_call, key_list, doctor),
    sealed_hours,
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_what_others_wrote_is_printed_on_the_line_it_belongs_to(
    command: Callable[[], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "5000")  # so that nothing is wrapped
    command()
    shown_text = capsys.readouterr().out
    assert "forged" in shown_text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028]", shown_text)
    for line in shown_text.splitlines():
        assert FORGED not in line or re.search(rf"(␊|\\n){FORGED}", line)


def test_content_stands_behind_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    log_commands._show([], {"prompt": HOSTILE})
    *_, first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("  │ x␛]0;pwned")
    assert second == f"  │ {FORGED}"


def test_a_call_is_one_line_where_a_program_reads(capsys: pytest.CaptureFixture[str]) -> None:
    log_commands._as_text(LINE)
    (line,) = capsys.readouterr().out.splitlines()
    assert len(line.split("\t")) == 8


def test_and_so_does_what_a_full_line_of_a_terminal_goes_on_with(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(log_commands, "is_terminal", lambda: True)
    plain = Line("at", "id", "who", "model", "op", 1, 2, "ok", {})
    log_commands._as_text(plain._replace(content={"prompt": "x" + " " * 40 + FORGED + "y" * 99}))
    printed = capsys.readouterr().out.splitlines()[2:]
    assert len(printed) >= 3
    for line in printed:
        assert line.startswith("  │ ")
        assert len(line) <= 40
