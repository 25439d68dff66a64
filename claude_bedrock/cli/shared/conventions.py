"""Conventions of all commands: the order of shared options, `--profile`, examples in the help."""

import os
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

Command = Any
"""What Typer makes of a function or an app: a class of the Click inside it."""

_LAST: Final = (
    *("stage", "region", "profile", "url", "key", "iam"),
    *("as_json", "local_dir", "help"),
)
"""Options that several commands share, in the order in which each help shows them."""

_CREDENTIALS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

_ESTIMATE: Final = (
    "claude-bedrock cost estimate --calls 100000 --input 3000 --output 500 "
    "--model claude-haiku-4-5 --stage dev"
)
EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "": (
        'claude-bedrock ask "Why is the sky blue?"',
        "claude-bedrock doctor --stage dev",
        "claude-bedrock audit --stage prod --month 2026-11",
    ),
    "ask": (
        'claude-bedrock ask "Why is the sky blue?"',
        'git diff | claude-bedrock ask "Review this." --model sonnet --stage dev',
        'claude-bedrock ask "Summarize the contract." --pdf contract.pdf --stage dev',
    ),
    "env": (
        'eval "$(claude-bedrock env)"',
        'eval "$(claude-bedrock env --client claude-code --stage dev)"',
    ),
    "login": (
        "claude-bedrock login --issuer https://login.example.com --client-id claude",
        "claude-bedrock login --token-issuer staff --client-id claude --stage prod",
        "claude-bedrock login --device",
    ),
    "logout": ("claude-bedrock logout",),
    "whoami": ("claude-bedrock whoami", "claude-bedrock whoami --json"),
    "token": (
        "claude-bedrock token",
        "claude-bedrock token --aws --audience claude-on-bedrock",
        "claude-bedrock token --github --audience claude-on-bedrock",
    ),
    "setup": ("claude-bedrock setup claude-code --stage prod",),
    "setup claude-code": (
        "claude-bedrock setup claude-code --stage prod",
        "claude-bedrock setup claude-code --aws --audience claude-on-bedrock --stage prod",
    ),
    "models": (
        "claude-bedrock models --stage dev",
        "claude-bedrock models --catalog --region eu-west-2",
    ),
    "models sync": ("claude-bedrock models sync --region us-east-1",),
    "keys": ("claude-bedrock keys list --stage dev",),
    "keys add": ("claude-bedrock keys add search.web --plan default --stage dev",),
    "keys list": ("claude-bedrock keys list --stage dev",),
    "keys rotate": ("claude-bedrock keys rotate search.web --overlap 7d --stage dev",),
    "keys revoke": (
        "claude-bedrock keys revoke search.web --stage dev",
        "claude-bedrock keys revoke search.web --replaced-only --stage dev",
    ),
    "keys usage": ("claude-bedrock keys usage search.web --days 7 --stage dev",),
    "logs": ("claude-bedrock logs list --hours 1",),
    "logs list": (
        "claude-bedrock logs list --caller search --hours 1 --stage dev",
        'claude-bedrock logs list --contains "blue" --show-content',
        "claude-bedrock logs list --follow",
    ),
    "logs show": ("claude-bedrock logs show 2114109f-d4f4-405f-888b-c51a6ed815c0 --stage dev",),
    "usage": (
        "claude-bedrock usage --by caller,model --stage prod",
        "claude-bedrock usage --by team --month 2026-11 --out usage.html --stage prod",
        "claude-bedrock usage --by team,day --month 2026-11 --csv --stage prod > usage.csv",
    ),
    "budgets": (
        "claude-bedrock budgets --stage prod",
        "claude-bedrock budgets --check --stage prod",
    ),
    "cost": (_ESTIMATE,),
    "cost estimate": (_ESTIMATE, f"{_ESTIMATE} --cached 30000 --seconds 20"),
    "doctor": ("claude-bedrock doctor --stage dev", "claude-bedrock doctor --stage dev --fix"),
    "smoke": ("claude-bedrock smoke --stage dev",),
    "verify": (
        "claude-bedrock verify --hours 24 --stage prod",
        "claude-bedrock verify --month 2026-11 --stage prod",
    ),
    "evidence": ("claude-bedrock evidence verify evidence/verify-prod-*.jsonl",),
    "evidence export": (
        "claude-bedrock evidence export --stage prod --month 2026-10",
        "claude-bedrock evidence export --stage prod --month 2026-10 --without-records",
    ),
    "evidence hold": (
        'claude-bedrock evidence hold --caller search --reason "Case 17" --stage prod',
        'claude-bedrock evidence hold --month 2026-10 --reason "Case 17" --stage prod --yes',
    ),
    "evidence holds": (
        "claude-bedrock evidence holds --stage prod",
        "claude-bedrock evidence holds --resume 3f1c09d2aa41 --stage prod",
    ),
    "evidence release": (
        'claude-bedrock evidence release 3f1c09d2aa41 --reason "Settled" --stage prod --yes',
    ),
    "evidence verify": (
        "claude-bedrock evidence verify copy-of-the-bucket/",
        "claude-bedrock evidence verify evidence/verify-prod-*.jsonl",
        "claude-bedrock evidence verify --objects --stage prod",
    ),
    "findings": ("claude-bedrock findings list --stage prod",),
    "findings list": ("claude-bedrock findings list --days 7 --stage prod",),
    "findings accept": (
        'claude-bedrock findings accept 0a1b2c3d4e5f --reason "Load test" --stage prod',
    ),
    "audit": (
        "claude-bedrock audit --month 2026-11 --out audit-2026-11 --stage prod",
        "claude-bedrock audit --accounts accounts.json --month 2026-11",
    ),
    "retention": ("claude-bedrock retention --day 2026-11-01 --stage prod",),
    "policy": ("claude-bedrock policy print --format scp --stage prod",),
    "policy print": ("claude-bedrock policy print --format scp --stage prod",),
    "access": ("claude-bedrock access form > form.json",),
    "access form": ("claude-bedrock access form > form.json",),
    "access submit": ("claude-bedrock access submit --form form.json --region us-east-1",),
}
"""Words of the command -> examples."""


def apply(command: Command, words: str) -> Command:
    """Give the command, and those below it, what all commands have alike. Returns the command."""
    for name, subcommand in getattr(command, "commands", {}).items():
        apply(subcommand, f"{words} {name}")
    if any(param.name == "region" for param in command.params):
        command.params.append(_profile_option())
    command.params.sort(key=_position)
    command.epilog = "\n\n".join(("Examples:", *EXAMPLES.get(words, ())))
    return command


def _position(parameter: Any) -> int:  # noqa: ANN401 - Click's, whose classes Typer hides
    return _LAST.index(parameter.name) + 1 if parameter.name in _LAST else 0


def _profile_option() -> Any:  # noqa: ANN401 - as above
    app = typer.Typer(add_completion=False)

    @app.command()
    def _only(
        profile: Annotated[
            str | None,
            typer.Option(
                help="The AWS profile whose credentials to use; else AWS_PROFILE's.",
                callback=_use_profile,
                expose_value=False,
            ),
        ] = None,
    ) -> None: ...

    return next(param for param in typer.main.get_command(app).params if param.name == "profile")


def _use_profile(value: str | None) -> None:
    """Have every session of this process use the profile, as the AWS CLI does: before credentials
    in the environment.
    https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html#cli-configure-files-using-profiles"""
    if value is None:
        return
    if not value.strip() or not value.isprintable():
        raise typer.BadParameter("Name a profile that `aws configure list-profiles` lists.")
    os.environ["AWS_PROFILE"] = value
    for name in _CREDENTIALS:
        os.environ.pop(name, None)
