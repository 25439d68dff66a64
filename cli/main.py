"""The command `claude-bedrock`, put together of its commands."""

from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli.commands import access, findings, keys, logs, models
from cli.commands.ask import ask
from cli.commands.audit import audit
from cli.commands.doctor import doctor
from cli.commands.options import last_resort
from cli.commands.retention import kept
from cli.commands.smoke import smoke
from cli.commands.usage import usage
from cli.commands.verify import verify
from cli.terminal import accept_any_character, echo


class CommandLine(TyperGroup):
    """All commands, with one handler around them."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Click's, whose classes Typer hides
        """Run the command; see `last_resort` for how it ends."""
        accept_any_character()
        with last_resort():
            return super().invoke(ctx)


app = typer.Typer(
    cls=CommandLine,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Ask Claude through your endpoint, and see what it offers and what was logged.",
)


def _show_version(asked: bool) -> None:
    if asked:
        echo(f"claude-bedrock {version('claude-on-bedrock')}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Ask Claude through your endpoint, and see what it offers and what was logged."""


app.command()(ask)
app.command()(audit)
app.command()(doctor)
app.command("retention")(kept)
app.command()(smoke)
app.command()(usage)
app.command()(verify)
app.add_typer(access.app, name="access")
app.add_typer(findings.app, name="findings")
app.add_typer(logs.app, name="logs")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
