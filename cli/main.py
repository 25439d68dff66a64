"""The command `claude-bedrock`, put together of its commands."""

import typer

from cli.commands import access, logs
from cli.commands.ask import ask

app = typer.Typer(
    add_completion=False, help="Ask Claude through your endpoint, and see what was logged."
)
app.command()(ask)
app.add_typer(logs.app, name="logs")
app.add_typer(access.app, name="access")
