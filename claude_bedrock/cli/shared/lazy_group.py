"""A group of commands that imports a command's module when the command is run or asked for help."""

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from claude_bedrock.cli.shared.conventions import apply

Command = Any
"""What Typer makes of a function or an app: a class of the Click inside it."""


class LazyCommand(NamedTuple):
    """Where a command is, as `module:name` of a function or an app, and the line that the list of
    commands has of it."""

    target: str
    summary: str

    def load(self, name: str) -> Command:
        """Import the command's module, and return the command."""
        module, _, attribute = self.target.partition(":")
        loaded = getattr(import_module(module), attribute)
        if not isinstance(loaded, typer.Typer):
            app = typer.Typer(add_completion=False)
            app.command(name)(loaded)
            loaded = app
        loaded.info.name = name
        command = typer.main.get_command(loaded)
        command.name = name
        return apply(command, name)


class _LoadedCommands(MutableMapping[str, Command]):
    """The commands by name, each loaded when it is read; names alone load nothing."""

    def __init__(self, table: Mapping[str, LazyCommand]) -> None:
        self._table = table
        self._loaded: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._loaded:
            self._loaded[name] = self._table[name].load(name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._table, **self._loaded})

    def __len__(self) -> int:
        return len({**self._table, **self._loaded})


class LazyGroup(TyperGroup):
    """Lists its commands by `table`, and loads the one that is run."""

    table: ClassVar[Mapping[str, LazyCommand]] = {}

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - Typer's own
        super().__init__(**attributes)
        self.commands = _LoadedCommands(self.table)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002
        """Return the names, and load nothing."""
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Command | None:  # noqa: ANN401, ARG002
        """Return the command's entry in lists, without its parameters."""
        entry = self.table.get(cmd_name)
        return entry and TyperCommand(cmd_name, help=entry.summary)

    def resolve_command(
        self,
        ctx: Any,  # noqa: ANN401 - Click's, whose classes Typer hides
        args: list[str],
    ) -> tuple[str | None, Command | None, list[str]]:
        """Return the command that the first argument names, loaded, and its arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.commands[name] if name and command else None, rest
