"""The differences between the catalog and an account's Bedrock, as data and as rows to paste.

Nothing here asks AWS or writes a file. Dates that an account leaves out are not compared: AWS
need not say them, and what it does not say it does not contradict.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_FoundationModelLifecycle.html
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from claude_bedrock import catalog
from claude_bedrock.catalog import Life, Model, Profile

ANYWHERE: Final = "any commercial Region"
_DATES: Final = {
    "released": "startOfLifeTime",
    "legacy": "legacyTime",
    "extended_access": "publicExtendedAccessTime",
    "end_of_life": "endOfLifeTime",
}
_UNTOLD: Final = ("context_tokens", "max_output_tokens", "price", "source")

Reach = tuple[str, ...]
"""Destination Regions, sorted; empty for `global`."""


class ReportedModel(NamedTuple):
    """What an account says of one model, asked in one Region.

    `status` is ACTIVE or LEGACY, None where only profiles name the model; `dates` are ISO, by the
    catalog's names; `profiles` route -> reach."""

    base_id: str
    name: str
    status: str | None
    dates: Mapping[str, str]
    profiles: Mapping[str, Reach]


class Change(NamedTuple):
    """A field, what the catalog has there and what the account says; None for nothing."""

    field: str
    catalog: str | None
    account: str | None


class Difference(NamedTuple):
    """What differs of one model. `row` is Python: the arguments of its row that change, or a whole
    new row with `...` for what an account does not tell."""

    model: str
    changes: tuple[Change, ...]
    row: str


def read(
    summaries: Iterable[Mapping[str, Any]], profiles: Iterable[Mapping[str, Any]]
) -> dict[str, ReportedModel]:
    """Return what the account says of each base id, by the answers of ListFoundationModels and of
    GetInferenceProfile as boto3 gives them. Variants that only provisioned throughput has
    (`…:200k`) are left out."""
    reported: dict[str, ReportedModel] = {}
    for summary in summaries:
        if summary.get("inferenceTypesSupported") != ["PROVISIONED"]:
            listed = _listed(summary)
            reported[listed.base_id] = listed
    for profile in profiles:
        route, _, base_id = profile["inferenceProfileId"].partition(".")
        known = reported.get(base_id) or ReportedModel(base_id, base_id, None, {}, {})
        reach = {route: _reach(route, profile["models"])}
        reported[base_id] = known._replace(profiles={**known.profiles, **reach})
    return reported


def differences(
    models: Sequence[Model], reported: Mapping[str, ReportedModel], *, region: str, today: str
) -> list[Difference]:
    """Return what differs, seen from `region` on `today` (an ISO date): first the catalog's models
    in its order, then those it does not know."""
    known = {model.base_id for model in models}
    of_known = (_known(model, reported.get(model.base_id), region, today) for model in models)
    of_new = (
        _new(reported_model, region)
        for base_id, reported_model in reported.items()
        if base_id not in known and not _has_ended(reported_model, today)
    )
    return [difference for difference in (*of_known, *of_new) if difference.changes]


def outdated(
    differing: Iterable[Difference], reported: Mapping[str, ReportedModel], models: Collection[str]
) -> Iterator[str]:
    """Yield a sentence for each of `differing` that somebody should act on: a model that the
    account has as active and the catalog does not know, a date of a model's end, and of the models
    named in `models`, those that a stage offers, one that is gone or has lost a profile.

    The rest is no reason to disturb anybody: what the catalog marks as unconfirmed, where a profile
    answers, profiles that it does not know yet."""
    for difference in differing:
        model = catalog.find(difference.model)
        if model is None or model.name != difference.model:
            if reported[difference.model].status != "LEGACY":
                yield f"{difference.model}: not in the catalog"
            continue
        offered = model.name in models
        for field, recorded, current in difference.changes:
            removed = current is None and field not in model.unconfirmed and offered
            if field.startswith("life") or (removed and field.startswith(("model", "profiles."))):
                change = f"{recorded or 'nothing'}, account {current or 'nothing'}"
                yield f"{model.name}: {field} {change}"


def _listed(summary: Mapping[str, Any]) -> ReportedModel:
    life = summary.get("modelLifecycle") or {}
    dates = {field: _day(life[name]) for field, name in _DATES.items() if life.get(name)}
    name = summary.get("modelName") or summary["modelId"]
    return ReportedModel(summary["modelId"], name, life.get("status", "ACTIVE"), dates, {})


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _reach(route: str, models: Iterable[Mapping[str, str]]) -> Reach:
    regions = {model["modelArn"].split(":")[3] for model in models}
    return () if route == "global" else tuple(sorted(regions))


def _known(model: Model, reported: ReportedModel | None, region: str, today: str) -> Difference:
    changes: list[Change] = []
    row = model
    if reported is not None and reported.status is not None:
        changes, row = _dates(model, reported, today)
    elif _expected(model, region, today):
        changes.append(Change("model", f"callable from {region}", None))
        life = model.life._replace(retired=True, no_end_before=None)
        row = model._replace(life=life)
    if not catalog.is_retired(row, today):
        of_profiles, profiles = _profiles(model, reported.profiles if reported else {}, region)
        changes += of_profiles
        row = row._replace(profiles=profiles) if of_profiles else row
    return Difference(model.name, tuple(changes), "\n".join(_arguments(model, row)))


def _expected(model: Model, region: str, today: str) -> bool:
    """Return whether an account of the Region should list the model."""
    return (
        not model.invitation_only
        and not catalog.is_retired(model, today)
        and any(catalog.reach(model, route, region) is not None for route in catalog.routes(model))
    )


def _dates(model: Model, reported: ReportedModel, today: str) -> tuple[list[Change], Model]:
    """Return the dates that the account gives otherwise; failing those, a state that they do not
    explain."""
    recorded = {"released": model.released, **model.life._asdict()}
    changes = [
        Change("released" if field == "released" else f"life.{field}", recorded[field], current)
        for field, current in reported.dates.items()
        if recorded[field] != current
    ]
    if changes:
        released = reported.dates.get("released", model.released)
        return changes, model._replace(released=released, life=_with(model.life, reported.dates))
    state = state_of(model, today)
    if state != reported.status and not _has_ended(reported, today):
        life = _reported_life(reported, today)
        return [Change("life", state, reported.status)], model._replace(life=life)
    return [], model


def _has_ended(reported: ReportedModel, today: str) -> bool:
    """Return whether the account itself says that the model's last day was before `today`."""
    end = reported.dates.get("end_of_life")
    return end is not None and end <= today


def state_of(model: Model, today: str) -> str:
    """Return the model's state: ACTIVE, LEGACY or RETIRED."""
    if catalog.is_retired(model, today):
        return "RETIRED"
    return "LEGACY" if catalog.is_legacy(model, today) else "ACTIVE"


def _reported_life(reported: ReportedModel, today: str) -> Life:
    """Return the account's own dates alone. A model that is legacy at an untold date is so
    today."""
    life = _with(Life(), reported.dates)
    return life._replace(legacy=today) if reported.status == "LEGACY" and not life.legacy else life


def _with(life: Life, dates: Mapping[str, str]) -> Life:
    return life._replace(
        legacy=dates.get("legacy", life.legacy),
        extended_access=dates.get("extended_access", life.extended_access),
        end_of_life=dates.get("end_of_life", life.end_of_life),
    )


def _profiles(
    model: Model, reported: Mapping[str, Reach], region: str
) -> tuple[list[Change], tuple[Profile, ...]]:
    """Return what differs of the profiles callable from the Region, and all of the row's
    corrected."""
    recorded = {
        route: tuple(sorted(reached))
        for route in catalog.routes(model)
        if (reached := catalog.reach(model, route, region)) is not None
    }
    routes = dict.fromkeys((*catalog.routes(model), *reported))
    changes = [
        Change(f"profiles.{route}", _words(recorded.get(route)), _words(reported.get(route)))
        for route in routes
        if recorded.get(route) != reported.get(route)
    ]
    regions = {profile.route: profile.regions for profile in model.profiles}
    corrected = (_corrected(route, regions.get(route), reported, region) for route in routes)
    return changes, tuple(profile for profile in corrected if profile is not None)


def _corrected(
    route: str,
    regions: Mapping[str, Reach] | None,
    reported: Mapping[str, Reach],
    region: str,
) -> Profile | None:
    """Return the profile with the Region's reach as told; None where nothing is left of it."""
    if route == "global":
        return Profile(route, {}) if route in reported else None
    reaches = {source: reached for source, reached in (regions or {}).items() if source != region}
    if route in reported:
        reaches[region] = reported[route]
    return Profile(route, reaches) if reaches else None


def _words(reach: Reach | None) -> str | None:
    return None if reach is None else " ".join(reach) or ANYWHERE


def _new(reported: ReportedModel, region: str) -> Difference:
    changes = [
        Change("model", None, reported.name),
        *(Change(f"life.{field}", None, day) for field, day in reported.dates.items()),
        *(Change(f"profiles.{route}", None, _words(to)) for route, to in reported.profiles.items()),
    ]
    return Difference(reported.base_id, tuple(changes), "\n".join(_new_row(reported, region)))


def _new_row(reported: ReportedModel, region: str) -> Iterator[str]:
    profiles = [
        Profile(route, {} if route == "global" else {region: to})
        for route, to in reported.profiles.items()
    ]
    name = reported.base_id.removeprefix("anthropic.")
    yield "Model("
    yield f"    name={name!r},"
    yield f"    display_name={reported.name!r},"
    yield f"    base_id={reported.base_id!r},"
    yield "    aliases=(),"
    yield from (f"    {line}" for line in _profiles_argument(profiles))
    yield f"    life={_life(_with(Life(), reported.dates))},"
    yield "    successor=None,"
    for field in _UNTOLD:
        yield f"    {field}=...,"
    yield f"    released={reported.dates.get('released')!r},"
    yield "),"


def _arguments(before: Model, after: Model) -> Iterator[str]:
    """Yield the arguments of the row that change, as lines of Python."""
    if before.released != after.released:
        yield f"released={after.released!r},"
    if before.life != after.life:
        yield f"life={_life(after.life)},"
    if before.profiles != after.profiles:
        yield from _profiles_argument(after.profiles)


def _life(life: Life) -> str:
    arguments = (f"{name}={value!r}" for name, value in life._asdict().items() if value)
    return f"Life({', '.join(arguments)})"


def _profiles_argument(profiles: Iterable[Profile]) -> Iterator[str]:
    yield "profiles=("
    for route, regions in profiles:
        if not regions:
            yield f"    Profile({route!r}, {{}}),"
            continue
        yield "    Profile("
        yield f"        {route!r},"
        yield "        {"
        for source, reached in regions.items():
            yield f"            {source!r}: {reached!r},"
        yield "        },"
        yield "    ),"
    yield "),"
