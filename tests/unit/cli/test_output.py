"""Every command prints through shared/terminal.py, which escapes control characters."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.docs.pages import ROOT

ALLOWED = {
    "claude_bedrock/cli/shared/terminal.py": {"Console", "typer.echo"},
    # Into files and pipes goes what the model wrote.
    "claude_bedrock/cli/ask/command.py": {"typer.echo"},
    # It stands alone in a bundle, without the rest of the project.
    "claude_bedrock/cli/evidence/check.py": {"print"},
    # A token is plain letters, and the terminal module is most of what its printing would cost.
    "claude_bedrock/cli/token/saved_token.py": {"sys.stdout.write"},
}
PRINTS = {"Console", "typer.echo", "print", "sys.exit of a text", "sys.stdout.write"}


def prints(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called == "sys.exit" and any(
            isinstance(argument, (ast.JoinedStr, ast.Constant))
            and not isinstance(getattr(argument, "value", ""), int)
            for argument in node.args
        ):
            called = "sys.exit of a text"
        if called in PRINTS:
            yield called


COMMANDS = sorted(ROOT.glob("claude_bedrock/cli/**/*.py"))


@pytest.mark.parametrize("file", COMMANDS, ids=lambda file: file.name)
def test_nothing_is_printed_past_the_terminal_module(file: Path) -> None:
    name = file.relative_to(ROOT).as_posix()
    printing = set(prints(file.read_text())) - ALLOWED.get(name, set())
    assert not printing, f"{name}: print by cli.terminal's echo, echo_json and console, and fail()"


@pytest.mark.parametrize(
    "source",
    ["Console().print(x)", "typer.echo(x)", "print(x)", "sys.exit(f'{x}')", "sys.exit('x')"],
)
def test_what_prints_is_detected(source: str) -> None:
    assert list(prints(source))
    assert not list(prints("sys.exit(2); console().print(x); echo(x); sys.exit(code(x))"))
