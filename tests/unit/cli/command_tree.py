"""Every command of the command line, and how each is called with what it cannot do without."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

import typer

from claude_bedrock.cli.main import app

Parameter = Any
"""What Typer makes of an argument or option: a class of the Click inside it."""


class Command(NamedTuple):
    """`words` are what stands behind `claude-bedrock`."""

    words: tuple[str, ...]
    parameters: tuple[Parameter, ...]

    def option(self, name: str) -> Parameter | None:
        """The option of that name, with its dashes; None where the command has none."""
        return next((parameter for parameter in self.parameters if name in parameter.opts), None)

    def needed(self, file: Path) -> list[str]:
        """The command's words with a value for each parameter that is required."""
        arguments = list(self.words)
        for parameter in self.parameters:
            if parameter.required:
                named = [parameter.opts[0]] if parameter.param_type_name == "option" else []
                arguments += [*named, _value(parameter, file)]
        return arguments


def commands() -> list[Command]:
    """All of them, those that have commands below them and run without one, too."""
    return list(_below(typer.main.get_command(app), ()))


def _below(command: Any, words: tuple[str, ...]) -> Iterator[Command]:  # noqa: ANN401 - as above
    for name, subcommand in getattr(command, "commands", {}).items():
        yield from _below(subcommand, (*words, name))
    if getattr(command, "invoke_without_command", True):
        yield Command(words, tuple(command.params))


def kind(parameter: Parameter) -> Any:  # noqa: ANN401 - a type, or a Literal
    """What a value of the parameter is made into."""
    return parameter.type_descriptor.annotation


def _value(parameter: Parameter, file: Path) -> str:
    if choices := get_args(kind(parameter)):
        return str(choices[0])
    return {Path: str(file), int: "1"}.get(kind(parameter), "x")
