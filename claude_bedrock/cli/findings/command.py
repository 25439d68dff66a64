"""`claude-bedrock findings`."""

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    MOST_DAYS,
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
    plain,
    plain_lines,
)
from claude_bedrock.cli.verify.verification_function import invoke_verification

app = typer.Typer(
    help="List and accept the findings of the hourly verification.",
    no_args_is_help=True,
    add_completion=False,
)
REFUSED = 2
_COLORS = {"open": "red", "accepted": "yellow", "settled": "green"}


@app.command("list")
def list_sealed(
    *,
    days: Annotated[
        int, typer.Option(help="How many days back to look.", min=1, max=MOST_DAYS)
    ] = 30,
    every: Annotated[
        bool, typer.Option("--all", help="List settled and accepted ones too.")
    ] = False,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """List the findings that the stage's function has sealed: open ones, or all.

    Exit codes: 0 none is open, 1 one is, 2 the function did not answer."""
    with one_line_errors(REFUSED, "operator"):
        target = deployment.chosen(stage, region, local_dir)
        answer = invoke_verification(target, {"list_findings": days})
    findings = answer["findings"]
    opened = [finding for finding in findings if finding["state"] == "open"]
    listed = findings if every else opened
    if as_json:
        others = {name: value for name, value in answer.items() if name != "findings"}
        echo_items(listed, **others)
    else:
        _show(listed, answer["more"], days)
    sys.exit(1 if opened else 0)


@app.command()
def accept(
    finding_id: Annotated[
        str, typer.Argument(metavar="ID", help="The finding, as `findings list` shows it.")
    ],
    *,
    reason: Annotated[str, typer.Option(help="Why, in one line of at most 500 characters.")],
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Accept a finding, for a reason that is sealed with your ARN: reports show it as accepted.

    Exit codes: 0 the reason is sealed, 2 it is not."""
    with one_line_errors(REFUSED, "operator"):
        target = deployment.chosen(stage, region, local_dir)
        by = target.client("sts").get_caller_identity()["Arn"]
        acceptance = {"id": finding_id, "reason": reason, "by": by}
        answer = invoke_verification(target, {"accept_finding": acceptance})
    if as_json:
        echo_json(answer)
    else:
        key, sha256 = answer["evidence"]["key"], answer["evidence"]["sha256"]
        echo(escape_line(f"{finding_id} is accepted by {by}. Sealed as {key}, SHA-256 {sha256}."))


def _show(findings: list[Mapping[str, Any]], more: int, days: int) -> None:
    out = console()
    if not findings:
        echo(f"No open finding in the last {days} days. `--all` lists the others.", err=True)
        return
    table = Table("id, kind", "state", "when, model, who, what", show_lines=True)
    table.columns[0].no_wrap = True
    for finding in findings:
        disposition = finding.get("accepted", {})
        why = f"accepted by {disposition['by']}: {disposition['reason']}" if disposition else ""
        rest = (*(finding[name] for name in ("at", "model_id", "who", "detail")), why)
        table.add_row(
            plain_lines(finding["id"], finding["kind"], finding["request_id"]),
            plain(finding["state"], _COLORS[finding["state"]]),
            plain_lines(*rest),
        )
    out.print(table)
    if more:
        echo(f"{more:,} older findings are left out. Use fewer --days.", err=True)
