"""The catalogue as a page for people: `PYTHONPATH=lambda python -m catalog.table > docs/models.md`.

Nothing else imports this module, so no function pays for it.
"""

import sys
from collections.abc import Iterable, Sequence

from .model import Life, Model, Price
from .resolution import MODELS
from .seed_models import SEED_MODELS

_HEAD = """# Models

Generated from the catalogue (`lambda/catalog/`) by `python -m catalog.table`; a test compares the
two. IAM, the gateway, the local Bedrock and this page all read the same rows.

- **Spellings**: a client may send any of them; the endpoint calls the profile of the stage's route.
  Ids of profiles (`us.anthropic.claude-…`) and ARNs of both kinds are understood too.
- **Prices** are US dollars per million tokens at the base rate, which `global` is billed at:
  input / output / 5-minute cache write / 1-hour cache write / cache read. A geography costs the
  base rate times the last column.
- **†** marks what no page of AWS or Anthropic confirms. Check it against your account
  (`aws bedrock get-inference-profile`, `get-foundation-model`) before relying on it.
- Dates are Bedrock's own, not those of Anthropic's API. A retired model answers with an error that
  names its successor.
- GovCloud and China are left out, and so are Fable 5.2 and Mythos 5.2, of which no page says that
  Bedrock offers them.
"""
_REACH = """## Where a call may be answered

By route and the Region the call starts from. `global` may be answered in any commercial Region.
The prefix alone promises no residency: some `us` profiles reach Canada.

"""


def page(models: Sequence[Model] = MODELS) -> str:
    """The whole page, as Markdown."""
    seed = [model for model in models if model in SEED_MODELS]
    newer = [model for model in models if model not in SEED_MODELS]
    sections = [
        _HEAD,
        "## Of Anthropic's first Bedrock guide\n\n" + _models_table(seed),
        "## Newer\n\n" + _models_table(newer),
        "## Notes\n\n" + _notes(models),
        _REACH + _reach_table(models),
    ]
    return "\n".join(sections)


def _models_table(models: Iterable[Model]) -> str:
    head = ("Model", "Spellings", "Routes", "Life", "Context / output", "Price", "Geography, times")
    return markdown_table(head, (_row(model) for model in models))


def _row(model: Model) -> tuple[str, ...]:
    spellings = (model.name, *model.aliases, model.base_id)
    return (
        f"[{model.display_name}]({model.source})",
        "<br>".join(f"`{spelling}`" for spelling in spellings),
        _routes(model),
        _life(model.life) + _mark(model, "life"),
        _tokens(model),
        _price(model.price),
        f"{model.geography_premium:.2f}",
    )


def _routes(model: Model) -> str:
    named = [
        profile.route + _mark(model, f"profiles.{profile.route}") for profile in model.profiles
    ]
    return " ".join(named) or "by invitation" + _mark(model, "profiles")


def _tokens(model: Model) -> str:
    context = f"{model.context_tokens:,}{_mark(model, 'context_tokens')}"
    return f"{context} / {model.max_output_tokens:,}{_mark(model, 'max_output_tokens')}"


def _life(life: Life) -> str:
    dates = (
        ("legacy", life.legacy),
        ("extended access", life.extended_access),
        ("end of life", life.end_of_life),
    )
    named = [f"{stage} {date}" for stage, date in dates if date]
    gone = ["retired, date not published"] if life.retired else []
    return "<br>".join(named + gone) or "active"


def _price(price: Price) -> str:
    return " / ".join(f"{dollars:g}" for dollars in price)


def _notes(models: Iterable[Model]) -> str:
    noted = ((model.display_name, _note(model)) for model in models)
    return "".join(f"- **{name}**: {note}\n" for name, note in noted if note)


def _note(model: Model) -> str:
    parts = [f"Released {model.released}."] if model.released else []
    parts += [model.note] if model.note else []
    parts += [f"Successor: `{model.successor}`."] if model.successor else []
    if model.long_prompt:
        above, price = model.long_prompt
        parts.append(f"A prompt above {above:,} tokens bills the whole request at {_price(price)}.")
    if model.count_tokens and not model.successor:
        parts.append(f"Bedrock counts its tokens{_mark(model, 'count_tokens')}.")
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


if __name__ == "__main__":
    sys.stdout.write(page())
