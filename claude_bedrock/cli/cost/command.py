"""`claude-bedrock cost estimate`."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from claude_bedrock import catalog
from claude_bedrock.catalog import Model, cost
from claude_bedrock.cli.cost import aws_prices
from claude_bedrock.cli.cost.lines import BYTES_PER_TOKEN, Line, Workload, lines
from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.cdk_json import CDK_JSON, block_of
from claude_bedrock.cli.shared.deployment import NoTargetError
from claude_bedrock.cli.shared.errors import CliError
from claude_bedrock.cli.shared.options import AsJson, one_line_errors
from claude_bedrock.cli.shared.stage_settings import Settings
from claude_bedrock.cli.shared.terminal import console, echo_json

MOST: Final = 10**12

app = typer.Typer(
    help="Estimate what a stage costs a month, before you deploy it.",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def main() -> None:
    """Estimate what a stage costs a month, before you deploy it."""


@app.command("estimate")
def estimate(
    *,
    calls: Annotated[int, typer.Option(min=0, max=MOST, help="Calls a month.")],
    input_tokens: Annotated[
        int, typer.Option("--input", min=0, max=MOST, help="Tokens of a call's prompt.")
    ],
    output_tokens: Annotated[
        int, typer.Option("--output", min=0, max=MOST, help="Tokens of a call's answer.")
    ],
    model: Annotated[str, typer.Option(help="A model of the stage, or its alias.")],
    cached: Annotated[
        int,
        typer.Option(
            min=0, max=MOST, help="Tokens of the prompt that come from the cache, besides --input."
        ),
    ] = 0,
    seconds: Annotated[float, typer.Option(min=0, max=900, help="How long a call lasts.")] = 10,
    stage: Annotated[str, typer.Option(help="The stage's name in cdk.json.")] = "dev",
    as_json: AsJson = False,
) -> None:
    """Estimate a month of a stage: Bedrock, then the AWS services, line by line.

    Reads the stage's block in ./cdk.json, and makes no request to AWS."""
    load = Workload(calls, input_tokens, output_tokens, cached, Decimal(str(seconds)))
    with one_line_errors():
        settings = stage_settings.written(CDK_JSON, stage, _today())
        chosen, geography = _resolve(settings, model)
        _check_size(chosen, load)
        month = list(lines(block_of(CDK_JSON, stage) or {}, chosen, geography, load))
    notes = _notes(settings, chosen)
    if as_json:
        echo_json(_as_data(month, notes, load, chosen))
    else:
        title = Text(f"A month of {stage} with {chosen.name} ({geography}), US dollars")
        console().print(Group(title, _table(month, load), *map(Text, notes)))


def _resolve(settings: Settings, name: str) -> tuple[Model, str]:
    """Return the model and the geography by which the stage calls it. Raises NoTargetError."""
    try:
        resolved = catalog.resolve(
            name,
            allowed=settings.models,
            routes=settings.geographies,
            region=settings.region,
            today=_today(),
        )
    except catalog.ResolutionError as error:
        raise NoTargetError(str(error)) from error
    return resolved.model, resolved.profile_ids[0].partition(".")[0]


def _check_size(model: Model, load: Workload) -> None:
    """Raise CliError for a call that the model does not take: its price would be of no use."""
    prompt = load.input + load.cached
    if prompt > model.context_tokens or load.output > model.max_output_tokens:
        raise CliError(
            f"{model.display_name} takes {model.context_tokens:,} tokens and writes "
            f"{model.max_output_tokens:,}: give less by --input, --cached and --output."
        )


def _table(month: list[Line], load: Workload) -> Table:
    table = Table("line", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("quantity", "at", "dollars"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("for a")
    for line in month:
        price = f"{line.unit_price.normalize():f}"
        table.add_row(line.name, f"{line.quantity:,.3f}", price, f"{line.dollars:,.2f}", line.unit)
    table.add_row("all", "", "", f"{_total(month):,.2f}", "month", style="bold")
    if load.calls:
        each = _total(month) / load.calls
        table.add_row("all, by the call", "", "", f"{each:,.6f}", "call", style="bold")
    return table


def _total(month: list[Line]) -> Decimal:
    return sum((line.dollars for line in month), Decimal())


def _notes(settings: Settings, model: Model) -> list[str]:
    """Return what was assumed, and what the lines leave out."""
    notes = [
        f"AWS's prices: {aws_prices.REGION} on {aws_prices.READ_ON}, before free tiers.",
        "--json has the page on which each stands.",
        f"Records and answers have {BYTES_PER_TOKEN} bytes a token. `At most` is an upper bound.",
        (
            "Left out: cache writes, KMS requests, mails, Athena, transfer to an archive, "
            "CloudTrail's data events and its events of all else in the account, support and tax."
        ),
    ]
    if settings.region != aws_prices.REGION:
        notes.insert(
            1, f"The stage is in {settings.region}, where AWS's services cost more or less."
        )
    if unpublished := cost.unpublished(model):
        notes.insert(0, f"{unpublished}.")
    return notes


def _as_data(month: list[Line], notes: list[str], load: Workload, model: Model) -> dict[str, Any]:
    return {
        "model": model.name,
        "calls": load.calls,
        "lines": [
            {
                **line._asdict(),
                "quantity": float(line.quantity),
                "unit_price": float(line.unit_price),
                "dollars": float(line.dollars),
            }
            for line in month
        ],
        "dollars": float(_total(month)),
        "prices_read_on": aws_prices.READ_ON,
        "notes": notes,
    }


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
