"""`claude-bedrock models` and `claude-bedrock models sync`."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from claude_bedrock import catalog
from claude_bedrock.catalog import comparison
from claude_bedrock.catalog.comparison import Difference
from claude_bedrock.cli.models import account_models, listing
from claude_bedrock.cli.shared import deployment, endpoint
from claude_bedrock.cli.shared.deployment import NoTargetError, known_region
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    Iam,
    Key,
    LocalDir,
    Region,
    Stage,
    Url,
    fail,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import console, echo, echo_items, escape_line

NO_DIFFERENCE, DIFFERENCES, NOT_ASSESSED = 0, 1, 2

app = typer.Typer(
    help="List the models that a stage allows; compare the catalog with AWS.",
    add_completion=False,
)


@app.callback(invoke_without_command=True)
def offered(
    context: typer.Context,
    *,
    everything: Annotated[
        bool,
        typer.Option("--catalog", help="List every model in the catalog, not only the stage's."),
    ] = False,
    spellings: Annotated[
        bool, typer.Option("--spellings", help="Print every name that a client may send.")
    ] = False,
    stage: Stage = None,
    region: Region = None,
    url: Url = None,
    key: Key = None,
    iam: Iam = False,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """List the models that the stage allows: lifecycle, prices, geographies and Regions."""
    if context.invoked_subcommand is not None:
        _refuse_options(context)
        return
    today = _today()
    with one_line_errors():
        if everything and stage:
            raise NoTargetError("--catalog cannot be combined with --stage.")
        if everything:
            offers = listing.of_catalog(region and known_region(region))
        else:
            offers = listing.of_endpoint(
                endpoint.chosen(
                    url=url, key=key, iam=iam, stage=stage, region=region, local_dir=local_dir
                )
            )
    if as_json:
        echo_items(listing.as_data(offers, today=today))
    else:
        console().print(listing.as_text(offers, today=today, spellings=spellings))


@app.command("sync")
def compare(
    *,
    region: Annotated[
        str | None,
        typer.Option(help="A Region of your AWS account; else local mode."),
    ] = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Compare the catalog with the models that Bedrock lists in an account.

    Exit codes: 0 no difference, 1 differences, 2 AWS request failed."""
    with one_line_errors(NOT_ASSESSED):
        no_stage = ""
        target = (
            deployment.deployed(no_stage, region)
            if region
            else deployment.local(local_dir, "a Region of your account by --region")
        )
        listed = account_models.claude_models(target.client("bedrock"))
    differing = comparison.differences(catalog.MODELS, listed, region=target.region, today=_today())
    if as_json:
        items = [
            {
                "model": difference.model,
                "changes": [change._asdict() for change in difference.changes],
                "row": difference.row,
            }
            for difference in differing
        ]
        echo_items(items, region=target.region)
    else:
        where = f"your account in {target.region}" if region else "the AWS that is up locally"
        profiles = sum(len(model.profiles) for model in listed.values())
        echo(f"Of {where}: {len(listed)} models, {profiles} profiles.")
        echo("\n".join(_difference_lines(differing)) or "The catalog says the same.")
    sys.exit(DIFFERENCES if differing else NO_DIFFERENCE)


def _refuse_options(context: typer.Context) -> None:
    """Refuse options before the subcommand, which would be lost."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    if any(source is not None and source.name == "COMMANDLINE" for source in sources.values()):
        subcommand = context.invoked_subcommand
        fail(f"Options go after the subcommand: `models {subcommand} …`.", NOT_ASSESSED)


def _difference_lines(differing: list[Difference]) -> list[str]:
    lines = []
    for difference in differing:
        lines += ["", escape_line(difference.model)]
        lines += [
            escape_line(f"  {field}: {was or 'nothing'} → {is_now or 'nothing'}")
            for field, was, is_now in difference.changes
        ]
    if differing:
        lines += ["", "# What would change in claude_bedrock/catalog/, to be checked and pasted:"]
    for difference in differing:
        lines += [f"# {difference.model}", difference.row]
    return lines


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
