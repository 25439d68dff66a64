"""The command `claude-bedrock`, put together of its commands."""

from typing import Annotated, Any, ClassVar, Final

import typer
from typer.core import TyperGroup

from claude_bedrock.cli.shared.conventions import EXAMPLES
from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.former_names import replacement
from claude_bedrock.cli.shared.lazy_group import LazyCommand, LazyGroup
from claude_bedrock.cli.shared.options import fail, last_resort
from claude_bedrock.cli.shared.terminal import (
    accept_any_character,
    echo,
    echo_json_error,
    expect_json,
)

HELP: Final = "Call Claude through your endpoint, and prove what was logged."


class CommandLine(TyperGroup):
    """All commands, with one handler around them."""

    def make_context(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - Click's, see below
        """Read the command line, which prints the help and the version, too."""
        with last_resort():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Click's, whose classes Typer hides
        """Run the command; see `last_resort` for how it ends."""
        accept_any_character()
        expect_json([*ctx._protected_args, *ctx.args])
        with last_resort():
            try:
                return super().invoke(ctx)
            except typer.TyperException as error:
                if new := replacement(error):
                    fail(new, NOT_ASSESSED)
                echo_json_error(error.format_message())
                raise


class Commands(CommandLine, LazyGroup):
    """The commands of `claude-bedrock`."""

    table: ClassVar = {
        "ask": LazyCommand(
            "claude_bedrock.cli.ask.command:ask",
            "Send a prompt and stream the reply.",
        ),
        "env": LazyCommand(
            "claude_bedrock.cli.env.command:env",
            "Print export lines that make a client call the deployment.",
        ),
        "login": LazyCommand(
            "claude_bedrock.cli.login.command:login",
            "Sign in at your identity provider.",
        ),
        "logout": LazyCommand(
            "claude_bedrock.cli.logout.command:logout",
            "End a sign-in, and delete its tokens.",
        ),
        "whoami": LazyCommand(
            "claude_bedrock.cli.whoami.command:whoami",
            "Show who you are signed in as, and until when.",
        ),
        "token": LazyCommand(
            "claude_bedrock.cli.token.command:token",
            "Print a token for the endpoint, for a client's credential helper.",
        ),
        "setup": LazyCommand(
            "claude_bedrock.cli.setup.command:app",
            "Write the settings of a client that gets its tokens from `claude-bedrock token`.",
        ),
        "models": LazyCommand(
            "claude_bedrock.cli.models.command:app",
            "List the models that a stage allows; compare the catalog with AWS.",
        ),
        "keys": LazyCommand(
            "claude_bedrock.cli.keys.command:app",
            "Add, list, rotate and revoke a stage's API keys.",
        ),
        "logs": LazyCommand(
            "claude_bedrock.cli.logs.command:app",
            "Search Bedrock's log records of calls.",
        ),
        "usage": LazyCommand(
            "claude_bedrock.cli.usage.command:usage",
            "Total calls, tokens and cost from audit log entries, or from Bedrock's records.",
        ),
        "budgets": LazyCommand(
            "claude_bedrock.cli.budgets.command:budgets",
            "Show how much of each budget is spent in its current period.",
        ),
        "cost": LazyCommand(
            "claude_bedrock.cli.cost.command:app",
            "Estimate what a stage costs a month, before you deploy it.",
        ),
        "doctor": LazyCommand(
            "claude_bedrock.cli.doctor.command:doctor",
            "Check an account and a stage, and say how to fix what is wrong.",
        ),
        "smoke": LazyCommand(
            "claude_bedrock.cli.smoke.command:smoke",
            "Test a deployed stage with real calls, and write a report.",
        ),
        "verify": LazyCommand(
            "claude_bedrock.cli.verify.command:verify",
            "Reconcile gateway calls with Bedrock's log records, and save evidence.",
        ),
        "findings": LazyCommand(
            "claude_bedrock.cli.findings.command:app",
            "List and accept the findings of the hourly verification.",
        ),
        "audit": LazyCommand(
            "claude_bedrock.cli.audit.command:audit",
            "Create an audit report (HTML and JSON) with hashed AWS responses.",
        ),
        "retention": LazyCommand(
            "claude_bedrock.cli.retention.command:retention",
            "Show when logs written on a given day can be deleted, per store.",
        ),
        "evidence": LazyCommand(
            "claude_bedrock.cli.evidence.command:app",
            "Check, export and hold the evidence of verification.",
        ),
        "policy": LazyCommand(
            "claude_bedrock.cli.policy.command:app",
            "Print a stage's deny policy.",
        ),
        "access": LazyCommand(
            "claude_bedrock.cli.access.command:app",
            "Fill in and submit the account's use-case form.",
        ),
    }


app = typer.Typer(
    cls=Commands,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=HELP,
    epilog="\n\n".join(("Examples:", *EXAMPLES[""])),
)


def _show_version(requested: bool) -> None:
    if requested:
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
