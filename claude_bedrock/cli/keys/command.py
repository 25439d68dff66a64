"""`claude-bedrock keys …`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from claude_bedrock.cli.keys.api_keys import DEFAULT_PLAN, Day, Key, Keys, as_data, team_warning
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.options import (
    LOCAL_STATE,
    AsJson,
    Region,
    Stage,
    StateFolder,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import console, echo, echo_json, escape_line, plain_lines

app = typer.Typer(
    help="Add, list, rotate and revoke a stage's API keys.",
    no_args_is_help=True,
    add_completion=False,
)

Name = Annotated[str, typer.Argument(help="The key's name; TEAM.NAME for one of a team.")]
_MOST_DAYS = 366
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _duration(text: str) -> timedelta:
    """`30m`, `24h`, `7d`, `0`."""
    found = re.fullmatch(r"([0-9]{1,4})([mhd])|0", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no time like 30m, 24h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found[1] else timedelta()


@app.command()
def add(
    name: Name,
    *,
    plan: Annotated[str, typer.Option(help="The stage's plan that limits it.")] = DEFAULT_PLAN,
    stage: Stage = None,
    region: Region = None,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Make a key, and print its value, which is not shown again."""
    with one_line_errors(role="operator"):
        found = deployment.chosen(stage, region, state)
        keys, warning = Keys(found), team_warning(found, name)
        value = keys.add(name, plan)
    echo(value)
    if warning:
        echo(f"{name}: {warning}", err=True)
    echo(f"{name} is in force, in plan {plan}. This is the only time it is shown.", err=True)


@app.command("list")
def list_(
    *,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """List the keys: name, plan, state; no values."""
    with one_line_errors(role="operator"):
        found = Keys(deployment.chosen(stage, region, state)).all()
    now = datetime.now(UTC)
    if not found:
        echo("the stage has no keys: `claude-bedrock keys add NAME` makes one", err=True)
    if as_json:
        echo_json(list(as_data(found, now)))
    else:
        console().print(_listed(found, now))


@app.command()
def rotate(
    name: Name,
    *,
    overlap: Annotated[
        str, typer.Option(help="How long the old key stays good: 30m, 24h, 7d; 0 ends it now.")
    ] = "24h",
    stage: Stage = None,
    region: Region = None,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Make a new key of that name and print its value; the old one stays good for a while."""
    lasting, now = _duration(overlap), datetime.now(UTC)
    with one_line_errors(role="operator"):
        value = Keys(deployment.chosen(stage, region, state)).rotate(name, lasting, now)
    echo(value)
    old = f"ends at {now + lasting:%Y-%m-%d %H:%M} UTC" if lasting else "is revoked"
    echo(f"{name} has a new key, the old one {old}. It is not shown again.", err=True)


@app.command()
def revoke(
    name: Name,
    *,
    old: Annotated[bool, typer.Option("--old", help="Only what a rotation replaced.")] = False,
    stage: Stage = None,
    region: Region = None,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Make a key good for nothing, now."""
    with one_line_errors(role="operator"):
        revoked = Keys(deployment.chosen(stage, region, state)).revoke(name, old=old)
    for key in revoked:
        echo(escape_line(_farewell(key)), err=True)


@app.command()
def usage(
    name: Name,
    *,
    days: Annotated[
        int, typer.Option(help="How many days, today included.", min=1, max=_MOST_DAYS)
    ] = 30,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Show the requests that a key made each day, and what its quota has left."""
    with one_line_errors(role="operator"):
        keys = Keys(deployment.chosen(stage, region, state))
        today = datetime.now(UTC).date()
        used = {key.id: keys.usage(key, days, today) for key in keys.named(name)}
    if as_json:
        echo_json({key: [_told(day) for day in told] for key, told in used.items()}, indent=None)
    else:
        console().print(_used(used))


def _farewell(key: Key) -> str:
    if key.of_stack:
        return f"{key.name} ({key.id}) is off; take it out of api_keys too, and deploy"
    return f"{key.name} ({key.id}) is gone"


def _listed(keys: list[Key], now: datetime) -> Table:
    table = Table("name", "plan", "state", "made", "by", "id")
    for key in keys:
        by = "api_keys" if key.of_stack else "keys add"
        made = f"{key.created.astimezone(UTC):%Y-%m-%d}"
        names = (plain_lines(each) for each in (key.name, key.plan, key.id))
        name, plan, key_id = names
        table.add_row(name, plan, _state(key, now), made, by, key_id)
    return table


def _state(key: Key, now: datetime) -> str:
    if not key.enabled:
        return "off"
    if key.ends is None:
        return "in force"
    return f"{'ends' if key.valid(now) else 'ended'} {key.ends:%Y-%m-%d %H:%M} UTC"


def _told(day: Day) -> dict[str, object]:
    return {**day._asdict(), "day": str(day.day)}


def _used(used: dict[str, list[Day]]) -> Table:
    table = Table("day (UTC)", "key", "requests", "left of the quota")
    for key_id, days in used.items():
        for day in days:
            left = "no quota" if day.remaining is None else str(day.remaining)
            table.add_row(str(day.day), key_id, str(day.requests), left)
    return table
