"""With `--json`, what a command prints is one JSON object also where it fails; and the message
where nothing is up names options that the command has."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from claude_bedrock.cli.main import app
from claude_bedrock.cli.shared.terminal import JsonItems, echo_json_error, expect_json
from tests.unit.cli.command_tree import Command, commands

COMMANDS = commands()
AS_JSON = [command for command in COMMANDS if command.option("--json")]
LOCAL = [command for command in COMMANDS if command.option("--local-dir")]


def named(command: Command) -> str:
    return " ".join(command.words)


@pytest.fixture(autouse=True)
def nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without local mode and cdk.json, of somebody who is not signed in."""
    for name in ("STAGE", "URL", "KEY"):
        monkeypatch.delenv(f"CLAUDE_BEDROCK_{name}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", AS_JSON, ids=named)
def test_a_failure_is_one_object_with_the_line_of_standard_error(
    command: Command, tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, [*command.needed(tmp_path / "no-file"), "--json"])

    assert isinstance(result.exception, SystemExit) and result.exit_code in {1, 2}
    (error,) = json.loads(result.stdout).values()
    assert result.stderr == f"claude-bedrock: {error}\n"


def test_a_wrong_option_is_an_object_too() -> None:
    result = CliRunner().invoke(app, ["keys", "list", "--json", "--bogus"])

    assert result.exit_code == 2
    assert json.loads(result.stdout) == {"error": "No such option: --bogus"}
    assert CliRunner().invoke(app, ["keys", "list", "--bogus"]).stdout == ""


@pytest.mark.parametrize("items", [0, 1, 2])
def test_a_list_that_an_error_cuts_off_stays_json(
    items: int, capsys: pytest.CaptureFixture[str]
) -> None:
    expect_json(["logs", "list", "--json"])
    printed = JsonItems()
    for item in range(items):
        printed.add(item)

    echo_json_error("cut off")

    expected = {"items": list(range(items)), "error": "cut off"} if items else {"error": "cut off"}
    assert json.loads(capsys.readouterr().out) == expected


@pytest.mark.parametrize("command", LOCAL, ids=named)
def test_where_nothing_is_up_the_message_names_options_of_the_command(
    command: Command, tmp_path: Path
) -> None:
    form = tmp_path / "form.json"
    form.write_text(
        '{"companyName": "A", "companyWebsite": "https://a.example", "intendedUsers": "0", '
        '"industryOption": "Other", "otherIndustryOption": "B", "useCases": "C"}'
    )

    result = CliRunner().invoke(app, command.needed(form))

    options = re.findall(r"--[a-z-]+", result.stderr)
    if "Local mode is not running" in result.stderr:
        assert options
    assert [option for option in options if command.option(option) is None] == []
