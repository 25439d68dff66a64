"""`claude-bedrock setup claude-code`."""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from claude_bedrock.cli.env.client_environment import Access
from claude_bedrock.cli.setup import claude_code as settings_of_claude_code
from claude_bedrock.cli.setup.claude_code import SettingsFileError
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    LocalDir,
    Region,
    Stage,
    Url,
    not_empty,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import echo
from claude_bedrock.cli.sign_in.options import DEFAULT_SIGN_IN, SignInName

app = typer.Typer(
    help="Write the settings of a client that gets its tokens from `claude-bedrock token`.",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def setup() -> None:
    """Write the settings of a client that gets its tokens from `claude-bedrock token`."""


@app.command("claude-code")
def claude_code(
    *,
    settings: Annotated[Path, typer.Option(help="The file of Claude Code's settings.")] = Path(
        settings_of_claude_code.DEFAULT_FILE
    ),
    sign_in: SignInName = DEFAULT_SIGN_IN,
    aws: Annotated[
        bool, typer.Option("--aws", help="Use tokens of your AWS credentials; needs --audience.")
    ] = False,
    audience: Annotated[
        str | None,
        typer.Option(help="The audience of the token issuer, with --aws.", callback=not_empty),
    ] = None,
    helper_seconds: Annotated[
        int,
        typer.Option(
            help="How long Claude Code uses a token before it asks again.", min=1, max=86400
        ),
    ] = 300,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    stage: Stage = None,
    region: Region = None,
    url: Url = None,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Have Claude Code call the endpoint with tokens of `claude-bedrock token`.

    Shows what would change in its settings, and writes it if you say yes. Other settings stay."""
    if aws != (audience is not None):
        raise typer.BadParameter("--aws and --audience need each other.")
    options = ["--aws", "--audience", audience] if audience else []
    options += [] if sign_in == DEFAULT_SIGN_IN else ["--sign-in", sign_in]
    file = settings.expanduser()
    with one_line_errors(role="operator"):
        access = _access(url, stage, region, local_dir)
        before = settings_of_claude_code.read(file)
        after = settings_of_claude_code.changed(before, access, _helper(options), helper_seconds)
        if after == before:
            echo(f"{file} is as it should be.", err=True)
        else:
            for line in settings_of_claude_code.difference(before, after):
                echo(line)
            _confirm(file, yes=yes)
            settings_of_claude_code.write(file, after)
            echo(f"{file} is written.", err=True)
    for name in settings_of_claude_code.keys_before_helper(after, os.environ):
        echo(f"Claude Code uses {name} instead of the token: remove it.", err=True)


def _access(url: str | None, stage: str | None, region: str | None, local_dir: Path) -> Access:
    """Return where the client calls. Raises NoTargetError, and botocore's errors."""
    if url:
        from claude_bedrock.cli.shared.endpoint import sound_url  # noqa: PLC0415 - slow to import

        return Access("", "", sound_url(url), takes_keys=True, key=None, ca_bundle=None)
    from claude_bedrock.cli.env.client_access import access_without_key  # noqa: PLC0415 - as above

    return access_without_key(stage, region, local_dir)


def _helper(options: list[str]) -> str:
    """Return the helper's command, by the program's path: Claude Code may have another PATH."""
    program = shutil.which("claude-bedrock") or sys.argv[0]
    return shlex.join([str(Path(program).absolute()), "token", *options])


def _confirm(file: Path, *, yes: bool) -> None:
    """Raises SettingsFileError where nobody can be asked, Abort for a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise SettingsFileError(f"Nobody can confirm the change of {file} here. Give --yes.")
    typer.confirm("Write it?", abort=True)
