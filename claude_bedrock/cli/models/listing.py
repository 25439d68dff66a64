"""The models that a stage offers, or the whole catalog, for people and for programs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from claude_bedrock import catalog
from claude_bedrock.catalog import Model, cost
from claude_bedrock.catalog.comparison import ANYWHERE, state_of
from claude_bedrock.catalog.model import Regions
from claude_bedrock.cli.shared.endpoint import Endpoint, RefusedError

UNCONFIRMED = "†"


class Offer(NamedTuple):
    """A model, and what is on offer: geography -> source Region -> Regions that may answer a call
    from there; None for a geography without limit."""

    model: Model
    geographies: Mapping[str, Regions | None]


def of_endpoint(endpoint: Endpoint) -> list[Offer]:
    """Return the offers of the endpoint's stage, by its GET /inference-profiles, which asks for no
    AWS permission beyond those to call. Raises RefusedError."""
    offers: dict[str, Offer] = {}
    for profile in endpoint.get("/inference-profiles")["inferenceProfileSummaries"]:
        geography, _, base_id = profile["inferenceProfileId"].partition(".")
        model = catalog.find(base_id)
        if model is None:
            raise RefusedError(
                f"The endpoint offers {base_id}, which this version's catalog lacks. "
                "Update claude-bedrock."
            )
        geographies = offers[base_id].geographies if base_id in offers else {}
        offers[base_id] = Offer(model, {**geographies, geography: _reach(geography, profile)})
    return list(offers.values())


def of_catalog(region: str | None) -> list[Offer]:
    """Return every model on record, by the geographies callable from `region`, or by all."""
    return [
        Offer(
            model,
            {
                geography: _on_record(model, geography, region)
                for geography in _geographies(model, region)
            },
        )
        for model in catalog.MODELS
    ]


def as_data(offers: Iterable[Offer], *, today: str) -> list[dict[str, Any]]:
    """Return all that is on record of each model. Prices are text, exact, in US dollars per million
    tokens; `answered_in` is null where any commercial Region may answer."""
    return [_data(model, geographies, today) for model, geographies in offers]


def as_text(offers: Sequence[Offer], *, today: str, spellings: bool) -> RenderableType:
    """Return a table, the Regions that may answer, and on request every name that a client may
    send."""
    parts: list[RenderableType] = [_models_table(offers, today)]
    sources = {
        source
        for _, geographies in offers
        for regions in geographies.values()
        for source in regions or ()
    }
    if len(sources) <= 1:
        parts.append(_reach_table(offers))
    if any(model.unconfirmed for model, _ in offers):
        parts.append(f"{UNCONFIRMED} no page of AWS or Anthropic confirms it")
    parts += [f"{UNCONFIRMED} {note}" for model, _ in offers if (note := cost.unpublished(model))]
    if spellings:
        names = "\n".join(name for offer in offers for name in ("", *_names(*offer)))
        parts.append(Text(names, no_wrap=True, overflow="ignore"))
    return Group(*parts)


def _reach(geography: str, profile: Mapping[str, Any]) -> Regions | None:
    if geography == "global":
        return None
    source = profile["inferenceProfileArn"].split(":")[3]
    return {source: tuple(model["modelArn"].split(":")[3] for model in profile["models"])}


def _geographies(model: Model, region: str | None) -> list[str]:
    return [
        geography
        for geography in catalog.routes(model)
        if region is None or catalog.reach(model, geography, region) is not None
    ]


def _on_record(model: Model, geography: str, region: str | None) -> Regions | None:
    (regions,) = [profile.regions for profile in model.profiles if profile.route == geography]
    if geography == "global":
        return None
    return regions if region is None else {region: regions[region]}


def _data(model: Model, geographies: Mapping[str, Regions | None], today: str) -> dict[str, Any]:
    row = model._asdict()
    for replaced in ("profiles", "price", "geography_premium", "long_prompt"):
        del row[replaced]
    return {
        **row,
        "life": {"state": state_of(model, today), **model.life._asdict()},
        "geographies": [
            {
                "geography": geography,
                "profile_id": catalog.profile_id(model, geography),
                "answered_in": regions,
                "price": _text_rates(cost.rates(model, geography)),
                "long_prompt": _long_prompt(model, geography),
            }
            for geography, regions in geographies.items()
        ],
    }


def _long_prompt(model: Model, geography: str) -> dict[str, Any] | None:
    if model.long_prompt is None:
        return None
    above = model.long_prompt.above_tokens
    return {
        "above_tokens": above,
        "price": _text_rates(cost.rates(model, geography, prompt_tokens=above + 1)),
    }


def _text_rates(rates: cost.Rates) -> dict[str, str]:
    return {name: f"{dollars.normalize():f}" for name, dollars in rates._asdict().items()}


def _models_table(offers: Iterable[Offer], today: str) -> Table:
    table = Table(
        caption="Price: US dollars for a million tokens, in / out", caption_justify="left"
    )
    for head in ("Model", "Life", "Context / output", "Geographies and price", "Retention"):
        table.add_column(head)
    for model, geographies in offers:
        table.add_row(
            model.name,
            _life(model, today),
            f"{model.context_tokens:,} / {model.max_output_tokens:,}",
            "\n".join(_prices(model, geographies)) or _no_geography(model),
            model.data_retention,
        )
    return table


def _no_geography(model: Model) -> str:
    return "by invitation" if model.invitation_only else "none from there"


def _names(model: Model, geographies: Iterable[str]) -> list[str]:
    profiles = [catalog.profile_id(model, geography) for geography in geographies]
    return [model.name, *model.aliases, model.base_id, *profiles]


def _life(model: Model, today: str) -> str:
    life, state = model.life, state_of(model, today)
    if state == "RETIRED":
        phrases = [f"retired {life.end_of_life or ''}".strip()]
    elif state == "LEGACY":
        phrases = [f"legacy since {life.legacy}"]
        phrases += [f"extended access from {life.extended_access}"] if life.extended_access else []
    else:
        phrases = ["active"] + ([f"legacy from {life.legacy}"] if life.legacy else [])
    is_open = state == "ACTIVE" and not life.end_of_life
    if is_open and life.no_end_before and life.no_end_before > today:
        phrases.append(f"no end before {life.no_end_before}")
    if state != "RETIRED" and life.end_of_life:
        phrases.append(f"ends {life.end_of_life}")
    phrases[0] += _mark(model, "life")
    return "\n".join(phrases + ([f"then {model.successor}"] if model.successor else []))


def _prices(model: Model, geographies: Iterable[str]) -> list[str]:
    """Return a line for each price, the geographies that have it before it."""
    above = model.long_prompt.above_tokens if model.long_prompt else None
    at: dict[str, list[str]] = {}
    for geography in geographies:
        price = _in_and_out(cost.rates(model, geography))
        if above:
            longer = _in_and_out(cost.rates(model, geography, prompt_tokens=above + 1))
            price += f"; above {above:,} tokens {longer}"
        price += _mark(model, "price")
        at.setdefault(price, []).append(geography + _mark(model, f"profiles.{geography}"))
    return [f"{' '.join(names)}: {price}" for price, names in at.items()]


def _in_and_out(rates: cost.Rates) -> str:
    text = _text_rates(rates)
    return f"{text['input']} / {text['output']}"


def _reach_table(offers: Iterable[Offer]) -> Table:
    """Return a table of the Regions that may answer a call from one Region, by geography."""
    reached: dict[tuple[str, str], list[str]] = {}
    for model, geographies in offers:
        for geography, regions in geographies.items():
            (destinations,) = regions.values() if regions else [(ANYWHERE,)]
            reached.setdefault((geography, " ".join(sorted(destinations))), []).append(model.name)
    table = Table(title="Where a call may be answered", title_justify="left")
    for head in ("Geography", "Answered in", "Models"):
        table.add_column(head)
    for (geography, answered_in), names in sorted(reached.items()):
        table.add_row(geography, answered_in, " ".join(names))
    return table


def _mark(model: Model, field: str) -> str:
    return f" {UNCONFIRMED}" if field in model.unconfirmed else ""
