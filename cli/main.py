"""The command `claude-bedrock`, put together of its commands."""

from typing import Annotated, Any, ClassVar, Final

import typer
from typer.core import TyperGroup

from cli.commands.options import last_resort
from cli.lazy_group import LazyCommand, LazyGroup
from cli.terminal import accept_any_character, echo

HELP: Final = "Call Claude through your endpoint, and prove what was logged."


class CommandLine(TyperGroup):
    """All commands, with one handler around them."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Click's, whose classes Typer hides
        """Run the command; see `last_resort` for how it ends."""
        accept_any_character()
        with last_resort():
            return super().invoke(ctx)


class Commands(CommandLine, LazyGroup):
    """The commands of `claude-bedrock`."""

    table: ClassVar = {
        "ask": LazyCommand("cli.commands.ask:ask", "Send a prompt and stream the reply."),
        "models": LazyCommand(
            "cli.commands.models:app",
            "List the models that a stage allows; compare the catalog with AWS.",
        ),
        "keys": LazyCommand(
            "cli.commands.keys:app", "Add, list, rotate and revoke a stage's API keys."
        ),
        "logs": LazyCommand("cli.commands.logs:app", "Search Bedrock's log records of calls."),
        "usage": LazyCommand(
            "cli.commands.usage:usage", "Total calls, tokens and cost from Bedrock's log records."
        ),
        "doctor": LazyCommand(
            "cli.commands.doctor:doctor",
            "Check an account and a stage, and say how to fix what is wrong.",
        ),
        "smoke": LazyCommand(
            "cli.commands.smoke:smoke", "Test a deployed stage with real calls, and write a report."
        ),
        "verify": LazyCommand(
            "cli.commands.verify:verify",
            "Reconcile gateway calls with Bedrock's log records, and save evidence.",
        ),
        "findings": LazyCommand(
            "cli.commands.findings:app", "List and accept the findings of the hourly verification."
        ),
        "audit": LazyCommand(
            "cli.commands.audit:audit",
            "Create an audit report (HTML and JSON) with hashed AWS responses.",
        ),
        "retention": LazyCommand(
            "cli.commands.retention:retention",
            "Show when logs written on a given day can be deleted, per store.",
        ),
        "access": LazyCommand(
            "cli.commands.access:app",
            "Submit the account's use-case form; print a stage's deny policy.",
        ),
    }


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=HELP,
)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 - reads every installed package

        echo(f"claude-bedrock {version('claude-on-bedrock')}")
        raise typer.Exit


@app.callback(help=HELP)
def main(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Show the help, or run a command."""
