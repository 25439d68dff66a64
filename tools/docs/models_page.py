"""The catalog as a page for people: docs/models.md."""

from collections.abc import Iterable, Sequence

from claude_bedrock.catalog.first_models import SEED_MODELS
from claude_bedrock.catalog.model import ROUTES, Life, Model, Price
from claude_bedrock.catalog.newer_models import FIRST_PARTY_ONLY
from claude_bedrock.catalog.resolution import MODELS, routes

_HEAD = """# Models

Generated from the catalog (`claude_bedrock/catalog/`) by `make docs`; a test compares
the two. IAM, the gateway, the local Bedrock, the command line and this page read the same rows.

- You may send any **spelling**: the name, an alias, the base id, the id of a profile
  (`us.anthropic.claude-…`), the ARN of either. Bedrock itself refuses a bare base id; the endpoint
  calls the profile of the stage's geography.
- You may also send **forms that clients write**: LiteLLM's `bedrock/…`, OpenRouter's and GitHub's
  `anthropic/claude-sonnet-4.5`, Vertex AI's `…@20250929`, `…-latest`, `…-v1:0` behind an id that
  has none, Claude Code's `[1m]`, `claude-4.5-sonnet`, any case. A suffix that changes the request
  (`:thinking`, `:online`, `-fast`) is not accepted: such a name is a 404 that suggests one.
- **Routes**: yes where Bedrock has an inference profile of that prefix. Where it may be called,
  and where it may be answered, is [below](#where-a-call-may-be-answered).
- **Life**: dates are Bedrock's own, not those of Anthropic's API. "Not before" is a
  model card's "EOL no sooner than", while no end is set. ⚠ is a model that is legacy or gone. A
  legacy model's answers carry a `deprecation` header; a retired model is refused with its successor
  and the date.
- **Prices** are US dollars per million tokens at the base rate, which `global` is billed at. A
  geography costs that times the figure under "Geography". If AWS does not publish a price for
  Bedrock, you see that of Anthropic's own API with a †; `claude-bedrock` tells you when it counts
  with one.
- Every model has InvokeModel and Converse. Betas and fields are in
  [docs/compatibility.md](compatibility.md).
- **Retention** is the strictest data-retention mode of the account under which Bedrock offers the
  model: [AWS's page](https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html).
- **Mantle** is the endpoint that invocation logging does not cover. The table lists it because the
  deny policy denies it; this project does not call it.
- **†** marks facts that AWS's and Anthropic's pages do not confirm. Check them against your
  account (`claude-bedrock models sync`) before you rely on them.
- GovCloud and China are left out, and so is India (`in`), which only third parties report.
  Anthropic's own API alone has {first_party}: Bedrock does not.
- Each model's name links to its **source**; "Read" is the day on which it was read.
"""
_REACH = """## Where a call may be answered

By geography and the Region that the call starts from. `global` may be answered in any commercial
Region. The prefix alone does not promise residency: some `us` profiles reach Canada.

"""


_PRICE_KINDS = "(input, output, cache write 5 min, 1 h, cache read)"


def page(models: Sequence[Model] = MODELS) -> str:
    """Return the whole page, as Markdown."""
    seed = [model for model in models if model in SEED_MODELS]
    newer = [model for model in models if model not in SEED_MODELS]
    sections = [
        _HEAD.format(first_party=", ".join(FIRST_PARTY_ONLY.values())),
        "## Of Anthropic's first Bedrock guide\n\n" + _routes_table(seed),
        "## Newer\n\n" + _routes_table(newer),
        "## Names\n\n" + _names_table(models),
        "## Sizes, prices, retention\n\n" + _figures_table(models),
        "## Notes\n\n" + _notes(models),
        _REACH + _reach_table(models),
    ]
    return "\n".join(sections)


def _routes_table(models: Iterable[Model]) -> str:
    head = ("Model", "Base model id", *(f"`{route}`" for route in ROUTES), "Life", "Read")
    return markdown_table(head, (_routes_row(model) for model in models))


def _routes_row(model: Model) -> tuple[str, ...]:
    warning = " ⚠" if model.successor else ""
    return (
        f"[{model.display_name}]({model.source}){warning}",
        f"`{model.base_id}`",
        *(_has(model, route) for route in ROUTES),
        _life(model.life) + _mark(model, "life"),
        model.source_date,
    )


def _has(model: Model, route: str) -> str:
    if model.invitation_only:
        return "by invitation" + _mark(model, "profiles")
    return "Yes" + _mark(model, f"profiles.{route}") if route in routes(model) else "No"


def _names_table(models: Iterable[Model]) -> str:
    rows = (
        (model.display_name, f"`{model.name}`", _codes(model.aliases), f"`{model.family}`")
        for model in models
    )
    return markdown_table(("Model", "Name", "Aliases", "Family"), rows)


def _codes(names: Iterable[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names)


_FIGURES = (
    *("Model", "Context", "Output", "Input $", "Output $", "Cache write 5 min $"),
    *(
        "Cache write 1 h $",
        "Cache read $",
        "Geography, times",
        "Retention",
        "CountTokens",
        "Mantle",
    ),
)


def _figures_table(models: Iterable[Model]) -> str:
    return markdown_table(_FIGURES, (_figures_row(model) for model in models))


def _figures_row(model: Model) -> tuple[str, ...]:
    return (
        model.display_name,
        f"{model.context_tokens:,}{_mark(model, 'context_tokens')}",
        f"{model.max_output_tokens:,}{_mark(model, 'max_output_tokens')}",
        *(f"{dollars:g}{_mark(model, 'price')}" for dollars in model.price),
        f"{model.geography_premium:.2f}",
        f"`{model.data_retention}`{_mark(model, 'data_retention')}",
        "Yes" + _mark(model, "count_tokens") if model.count_tokens else "No",
        "Yes" if model.mantle else "No",
    )


def _life(life: Life) -> str:
    dates = (
        ("legacy", life.legacy),
        ("extended access", life.extended_access),
        ("end of life", life.end_of_life),
    )
    named = [f"{stage} {date}" for stage, date in dates if date]
    retired = ["retired, date not published"] if life.retired else []
    promised = [f"not before {life.no_end_before}"] if life.no_end_before else []
    return "<br>".join(named + retired or ["active", *promised])


def _price(price: Price) -> str:
    return " / ".join(f"{dollars:g}" for dollars in price)


def _notes(models: Iterable[Model]) -> str:
    noted = ((model.display_name, _note(model)) for model in models)
    return "".join(f"- **{name}**: {note}\n" for name, note in noted if note)


def _note(model: Model) -> str:
    parts = [f"Released {model.released}."] if model.released else []
    parts += [model.note] if model.note else []
    parts += [f"Successor: `{model.successor}`."] if model.successor else []
    parts += [
        f"Until {until} it cost {_price(price)} {_PRICE_KINDS}."
        for until, price in model.former_prices
    ]
    if model.long_prompt:
        above, price = model.long_prompt
        parts.append(
            f"A prompt above {above:,} tokens bills the whole request at {_price(price)} "
            f"{_PRICE_KINDS}."
        )
    return " ".join(parts)


def _reach_table(models: Iterable[Model]) -> str:
    sources: dict[tuple[str, str, str], list[str]] = {}
    for key, names in _models_by_reach(models).items():
        route, source, answered_in = key
        sources.setdefault((route, answered_in, ", ".join(names)), []).append(source)
    rows = sorted(
        (route, " ".join(sorted(starts)), answered_in, names)
        for (route, answered_in, names), starts in sources.items()
    )
    return markdown_table(("Route", "From any of", "Answered in", "Models"), rows)


def _models_by_reach(models: Iterable[Model]) -> dict[tuple[str, str, str], list[str]]:
    """(route, source, destinations) -> the models with that reach."""
    reached: dict[tuple[str, str, str], list[str]] = {}
    for model in models:
        for profile in model.profiles:
            for source, destinations in profile.regions.items():
                key = (profile.route, source, " ".join(sorted(destinations)))
                reached.setdefault(key, []).append(model.display_name.removeprefix("Claude "))
    return reached


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _mark(model: Model, field: str) -> str:
    return " †" if field in model.unconfirmed else ""
