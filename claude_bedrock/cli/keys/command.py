"""`claude-bedrock keys …`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from claude_bedrock.cli.keys.api_keys import Day, Key, Keys, as_data, team_warning
from claude_bedrock.cli.keys.key_format import DEFAULT_PLAN
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    LocalDir,
    Region,
    Stage,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import (
    console,
    echo,
    echo_items,
    echo_json,
    escape_line,
    plain_lines,
)

app = typer.Typer(
    help="Add, list, rotate and revoke a stage's API keys.",
    no_args_is_help=True,
    add_completion=False,
)

Name = Annotated[str, typer.Argument(help="The key's name; TEAM.NAME for one of a team.")]
_MOST_DAYS = 366
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _duration(text: str) -> timedelta:
    """Parse a duration, as `30m`, `24h`, `7d`, `0`."""
    match = re.fullmatch(r"([0-9]{1,4})([mhd])|0", text)
    if match is None:
        raise typer.BadParameter(
            f"{text!r} is not a duration. Use 30m, 24h or 7d.", param_hint="'--overlap'"
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match[1] else timedelta()


@app.command()
def add(
    name: Name,
    *,
    plan: Annotated[str, typer.Option(help="The usage plan that limits the key.")] = DEFAULT_PLAN,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Create a key and print its value, once."""
    with one_line_errors(role="operator"):
        target = deployment.chosen(stage, region, local_dir)
        keys, warning = Keys(target), team_warning(target, name)
        value = keys.add(name, plan)
    if warning:
        echo(f"{name}: {warning}", err=True)
    if as_json:
        echo_json({"name": name, "plan": plan, "value": value})
        return
    echo(value)
    echo(f"{name} works now, in plan {plan}. Its value is not shown again.", err=True)


@app.command("list")
def list_(
    *,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """List the keys, without their values."""
    with one_line_errors(role="operator"):
        keys = Keys(deployment.chosen(stage, region, local_dir)).all()
    now = datetime.now(UTC)
    if not keys:
        echo("The stage has no keys. `claude-bedrock keys add NAME` creates one.", err=True)
    if as_json:
        echo_items(as_data(keys, now))
    elif keys:
        console().print(_listed(keys, now))


@app.command()
def rotate(
    name: Name,
    *,
    overlap: Annotated[
        str, typer.Option(help="How long the old value keeps working: 30m, 24h, 7d, or 0.")
    ] = "24h",
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Create a new value for a key and print it; the old one works until --overlap ends."""
    lasting, now = _duration(overlap), datetime.now(UTC)
    with one_line_errors(role="operator"):
        value = Keys(deployment.chosen(stage, region, local_dir)).rotate(name, lasting, now)
    ends = now + lasting
    if as_json:
        echo_json({"name": name, "value": value, "replaced_ends": ends.isoformat()})
        return
    echo(value)
    old = f"works until {ends:%Y-%m-%d %H:%M} UTC" if lasting else "is revoked"
    echo(f"{name} has a new value, which is not shown again. The old one {old}.", err=True)


@app.command()
def revoke(
    name: Name,
    *,
    replaced_only: Annotated[
        bool, typer.Option("--replaced-only", help="Revoke only keys that a rotation replaced.")
    ] = False,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Revoke a key immediately."""
    with one_line_errors(role="operator"):
        revoked = Keys(deployment.chosen(stage, region, local_dir)).revoke(
            name, replaced_only=replaced_only
        )
    if as_json:
        echo_items(as_data(revoked, datetime.now(UTC)))
        return
    for key in revoked:
        echo(escape_line(_deletion_notice(key)), err=True)


@app.command()
def usage(
    name: Name,
    *,
    days: Annotated[
        int, typer.Option(help="How many days, including today.", min=1, max=_MOST_DAYS)
    ] = 30,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Show a key's requests by day, and what is left of its quota."""
    with one_line_errors(role="operator"):
        keys = Keys(deployment.chosen(stage, region, local_dir))
        today = datetime.now(UTC).date()
        used = {key.id: keys.usage(key, days, today) for key in keys.named(name)}
    if as_json:
        echo_items(
            {"key_id": key_id, **_day_as_data(day)} for key_id, days in used.items() for day in days
        )
    else:
        console().print(_used(used))


def _deletion_notice(key: Key) -> str:
    if key.of_stack:
        return (
            f"{key.name} ({key.id}) is off; take it out of api_keys, or out of canary, too, and "
            "deploy"
        )
    return f"{key.name} ({key.id}) is gone"


def _listed(keys: list[Key], now: datetime) -> Table:
    table = Table("name", "plan", "state", "made", "by", "id")
    for key in keys:
        by = "api_keys" if key.of_stack else "keys add"
        made = f"{key.created.astimezone(UTC):%Y-%m-%d}"
        names = (plain_lines(text) for text in (key.name, key.plan, key.id))
        name, plan, key_id = names
        table.add_row(name, plan, _state(key, now), made, by, key_id)
    return table


def _state(key: Key, now: datetime) -> str:
    if not key.enabled:
        return "off"
    if key.unreadable_end:
        return f"replaced, still on: end {plain_lines(key.unreadable_end)} is no time"
    if key.ends is None:
        return "in force"
    end = f"{key.ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    # The function that switches it off runs every five minutes: a key is on until it has.
    return f"ends {end}" if key.valid(now) else f"still on, was to end {end}"


def _day_as_data(day: Day) -> dict[str, object]:
    return {**day._asdict(), "day": str(day.day)}


def _used(used: dict[str, list[Day]]) -> Table:
    """Return the days with requests, and their sum."""
    table = Table("day (UTC)", "key", "requests", "left of the quota")
    for key_id, days in used.items():
        for day in days:
            if day.requests:
                left = "no quota" if day.remaining is None else str(day.remaining)
                table.add_row(str(day.day), key_id, str(day.requests), left)
    total = sum(day.requests for days in used.values() for day in days)
    table.add_row("all", "", str(total), "")
    return table
