"""The pages name each command, option, make target and pinned dependency, and no others."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from claude_bedrock.cli.doctor.runner import NAMES
from claude_bedrock.cli.main import app as cli
from claude_bedrock.verification.finding import Counts, Kind
from local.__main__ import app as local
from local.run.endpoint import Endpoint
from tests.commands import commands, mistake
from tools.docs.pages import PAGES, ROOT, blocks, codes, first_codes, prose, read, rows, section


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE))


def test_every_make_target_has_its_row() -> None:
    documented = first_codes("CONTRIBUTING.md", "Set-up")
    assert {f"make {target}" for target in _targets()} == {
        code for code in documented if code != "make"
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_a_page_names_exist(page: Path) -> None:
    text = read(page)
    outcome = "\n".join([*blocks(text), *codes(prose(text))])
    made = set(re.findall(r"\bmake (?:PYTHON=\S+ )?([a-z-]+)", outcome))
    assert made <= _targets()
    for module in re.findall(r"python3? -m ([a-z_.]+)", outcome):
        assert _module(module), module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_aws_and_the_command_line_have_the_commands_that_a_page_shows(page: Path) -> None:
    outcome = [(words, mistake(words)) for words in commands(read(page))]
    assert [item for item in outcome if item[1]] == []


@pytest.mark.parametrize(
    ("outcome", "wrong"),
    [
        ("aws kms enable-keys --key-id k", "no such command"),
        ("aws kmss enable-key --key-id k", "no such command"),
        ("aws logs put-retention-policy --days 3", "--days"),
        ("claude-bedrock doctr --stage dev", "no such command"),
        ("claude-bedrock keys ad NAME", "no such command"),
        ("claude-bedrock doctor --stages dev | cat", "--stages"),
        ("X=$(aws kms describe-key --key-ids k)", "--key-ids"),
        ("aws kms enable-key --key-id k", ""),
    ],
)
def test_a_command_that_there_is_not_is_reported(outcome: str, wrong: str) -> None:
    assert [mistake(words) for words in commands(f"```bash\n{outcome}\n```")] == [wrong]


def _module(name: str) -> bool:
    inside = Path(*name.split("."))
    locations = (ROOT / inside, ROOT / "lambda" / inside)
    return any(
        (at / "__main__.py").is_file() or at.with_suffix(".py").is_file() for at in locations
    )


def test_the_readme_shows_the_two_commands() -> None:
    shown = "\n".join(blocks(read("README.md")))
    assert {"make demo", "make test"} <= set(shown.splitlines())


def _pinned() -> Iterator[str]:
    files = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
    for path in [*files, *ROOT.glob("lambda/*/requirements.txt")]:
        pins = re.findall(r"^([a-zA-Z0-9._-]+)(?:\[[^]]*\])?==", read(path), re.MULTILINE)
        yield from (name.lower() for name in pins)
    yield from json.loads(read("package.json"))["devDependencies"]


def test_every_pinned_dependency_has_its_row_and_no_other() -> None:
    documented = {
        code.partition("[")[0]
        for heading in (
            "What runs in AWS",
            "What synthesis needs (`requirements.txt`)",
            "Local mode, CLI, tests and gates (`requirements-dev.txt`)",
        )
        for code in first_codes("docs/dependencies.md", heading)
    }
    assert documented == set(_pinned())


def _commands(app: typer.Typer, name: str) -> list[tuple[str, set[str]]]:
    """Each command, and its options and their variables."""
    return list(_leaves(typer.main.get_command(app), name))


Command = Any
"""What typer makes of an app: a class of the click inside it."""


def _leaves(command: Command, path: str) -> Iterator[tuple[str, set[str]]]:
    for part, subcommand in getattr(command, "commands", {}).items():
        yield from _leaves(subcommand, f"{path} {part}")
    if getattr(command, "invoke_without_command", True):
        options = [param for param in command.params if param.param_type_name == "option"]
        yield path, {text for option in options for text in (*option.opts, option.envvar) if text}


@pytest.mark.parametrize(("command", "options"), _commands(cli, "claude-bedrock"))
def test_every_option_of_the_cli_has_its_row(command: str, options: set[str]) -> None:
    table = rows("docs/cli.md", f"`{command}`")
    assert {code for row in table for code in codes(row[0])} == {
        option for option in options if option.startswith("--")
    }
    outcome = codes(section("docs/cli.md", f"`{command}`"))
    assert options <= set(outcome)


def test_every_command_of_the_cli_has_its_section() -> None:
    headings = set(re.findall(r"^## `(.+)`$", read("docs/cli.md"), re.MULTILINE))
    assert headings == {command for command, _ in _commands(cli, "claude-bedrock")}


def test_every_check_of_doctor_has_its_row() -> None:
    assert first_codes("docs/cli.md", "What doctor looks at") == set(NAMES)


def test_every_finding_and_count_of_verify_has_its_row() -> None:
    assert first_codes("docs/cli.md", "What verify finds") == set(get_args(Kind))
    assert first_codes("docs/cli.md", "What verify counts") == set(Counts._fields)


@pytest.mark.parametrize(("command", "options"), _commands(local, "python -m local"))
def test_every_option_of_local_mode_has_its_row(command: str, options: set[str]) -> None:
    table = first_codes("docs/local.md", "Options")
    assert options <= table if command.endswith("deploy") else options == table
    assert command in codes(section("docs/local.md", "Options"))


def test_every_key_of_the_endpoint_file_has_its_row() -> None:
    assert first_codes("docs/local.md", "`endpoint.json`") == set(Endpoint._fields)
