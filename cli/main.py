"""The command `claude-bedrock`, put together of its commands."""

import typer

from cli.commands import access, keys, logs, models
from cli.commands.ask import ask
from cli.commands.audit import audit
from cli.commands.doctor import doctor
from cli.commands.retention import kept
from cli.commands.smoke import smoke
from cli.commands.usage import usage
from cli.commands.verify import verify

app = typer.Typer(
    add_completion=False,
    help="Ask Claude through your endpoint, and see what it offers and what was logged.",
)
app.command()(ask)
app.command()(audit)
app.command()(doctor)
app.command("retention")(kept)
app.command()(smoke)
app.command()(usage)
app.command()(verify)
app.add_typer(access.app, name="access")
app.add_typer(logs.app, name="logs")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
