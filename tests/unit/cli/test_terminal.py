"""That nothing others wrote is obeyed by a terminal, and none of it is lost."""

import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Group, RenderableType
from rich.json import JSON
from rich.panel import Panel
from rich.table import Table

from claude_bedrock.cli.shared import terminal
from claude_bedrock.cli.shared.terminal import (
    SafeConsole,
    echo_json,
    escape_controls,
    escape_line,
    plain,
)

HOSTILE = "a\x1b[4A\x1b[Jb\x1b]0;title\x07c\x9b31md\re\x7ff\u202eg\u2066h\u2028i\U000e0041j\ud800k"
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def obeyed(text: str) -> set[str]:
    """Characters that do something else than to be shown."""
    kinds = {"Cc", "Cs", "Zl", "Zp"}
    return {
        character
        for character in text
        if (unicodedata.category(character) in kinds and character not in "\n\t")
        or character in BIDI
        or 0xE0000 <= ord(character) < 0xE0080
    }


@given(st.text(st.characters(codec=None)))
def test_whatever_was_written_is_only_printed(text: str) -> None:
    shown = escape_controls(text)

    assert not obeyed(shown)
    assert not {"\n", *obeyed(shown)} & set(escape_line(text))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"])))
def test_what_can_only_be_printed_stays_as_it_is(text: str) -> None:
    assert escape_controls(text) == text


def test_what_is_not_printed_is_named() -> None:
    escaped = escape_controls(HOSTILE)

    assert escaped.startswith("a␛[4A␛[Jb␛]0;title␇c\\x9b31md␍e␡f\\u202eg\\u2066h\\u2028i")
    assert escaped.endswith("\\U000e0041j\\ud800k")
    assert escape_controls("a\r\nb\tc") == "a\nb\tc"


def rendered(thing: RenderableType) -> str:
    out = io.StringIO()
    SafeConsole(file=out, force_terminal=True, color_system=None, width=200).print(thing)
    return out.getvalue()


def table(cell: RenderableType) -> Table:
    made = Table(HOSTILE)
    made.add_row(cell)
    return made


@pytest.mark.parametrize(
    "thing",
    [
        HOSTILE,
        plain(HOSTILE),
        table(HOSTILE),
        table(plain(HOSTILE)),
        Group(table(HOSTILE), HOSTILE),
        Panel(HOSTILE, title=plain(HOSTILE)),
        JSON.from_data({"a": HOSTILE.replace("\ud800", "")}),
    ],
)
def test_the_console_passes_no_control_on_in_whatever_it_is(thing: RenderableType) -> None:
    assert not obeyed(rendered(thing))


@pytest.mark.parametrize("text", ["[red]name[/red]", "[/]", "[link=http://x]y[/link]", ":smile:"])
def test_the_console_reads_no_markup(text: str) -> None:
    assert text in rendered(text)
    assert text in rendered(table(text))


def test_json_means_the_same_and_holds_no_control(capsys: pytest.CaptureFixture[str]) -> None:
    echo_json({"text": HOSTILE})

    out = capsys.readouterr().out
    assert not obeyed(out)
    assert json.loads(out) == {"text": HOSTILE}


def test_echo_makes_controls_visible(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.echo(HOSTILE)
    terminal.echo(HOSTILE, err=True)

    captured = capsys.readouterr()
    assert not obeyed(captured.out + captured.err)


def test_headers_of_a_table_stay_whole_in_a_narrow_terminal_and_are_one_line_in_a_pipe() -> None:
    table = Table("Model", "Geographies and price", "from\ncache")
    table.add_row("claude-haiku-4-5", "global: 1 / 5", "3")

    shown = {}
    for is_terminal in (True, False):
        out = io.StringIO()
        SafeConsole(file=out, force_terminal=is_terminal, width=20, color_system=None).print(table)
        shown[is_terminal] = out.getvalue()

    assert "Geographies" in shown[True]
    assert shown[False].splitlines()[0] == "Model\tGeographies and price\tfrom cache"
