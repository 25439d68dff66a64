"""How the report is shown: one page of HTML that asks nobody for anything."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from cli.audit import charts
from cli.audit.controls import CONTROLS, of_statements
from cli.audit.report import Report
from cli.audit.statement import counted
from cli.audit.tally import Key, Sum, grouped

_MOST_BARS: Final = 12
_MOST_FINDINGS: Final = 500
_TOKENS: Final = {
    "input": "input_tokens",
    "output": "output_tokens",
    "read from cache": "cache_read_tokens",
    "written to cache": "cache_write_tokens",
}


def page(report: Report) -> str:
    """The template escapes every value but our style and script, and the charts, whose library
    does it."""
    environment = Environment(
        loader=PackageLoader("cli.audit.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["short"] = charts.short
    style, script = _text("style.css"), _text("table.js")
    return environment.get_template("report.html.j2").render(
        report=report,
        about=report.about,
        by_id={each.id: each for each in report.statements},
        verdicts=counted(report.statements),
        controls=CONTROLS,
        controls_of=of_statements(),
        total=_total(report.usage),
        callers=_by_caller_and_model(report.usage),
        regions=grouped(report.usage, lambda key: key.region),
        charts=_charts(report.usage),
        most_findings=_MOST_FINDINGS,
        style=style,
        script=script,
        script_hash=_hash(script),
    )


def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text("utf-8")


def _hash(script: str) -> str:
    """https://www.w3.org/TR/CSP3/#grammardef-hash-source"""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _total(rows: Sequence[tuple[Key, Sum]]) -> Sum:
    total = Sum()
    for _, each in rows:
        total.add(each)
    return total


def _by_caller_and_model(rows: Sequence[tuple[Key, Sum]]) -> list[tuple[Key, Sum]]:
    found: dict[Key, Sum] = {}
    for key, each in rows:
        found.setdefault(key._replace(day="", region=""), Sum()).add(each)
    return sorted(found.items(), key=lambda item: (-item[1].dollars, item[0]))


def _charts(rows: Sequence[tuple[Key, Sum]]) -> Mapping[str, str]:
    if not rows:
        return {}
    return {
        "calls a day, by model": _by_day("Calls a day, by model", rows),
        "cost by caller": _cost("Cost by caller in US dollars", rows, lambda key: key.caller),
        "tokens by model": _tokens("Tokens by model", rows),
        "calls by region": _regions("Calls by the Region that answered", rows),
    }


def _by_day(title: str, rows: Sequence[tuple[Key, Sum]]) -> str:
    days = _largest(grouped(rows, lambda key: key.day), len(rows), key=lambda item: item[0])
    names = list(days)
    series = {
        model: [
            by_day[day].calls if day in by_day else 0
            for by_day in (
                grouped([row for row in rows if row[0].model == model], lambda key: key.day),
            )
            for day in names
        ]
        for model in grouped(rows, lambda key: key.model)
    }
    return charts.over_time(title, names, series)


def _cost(title: str, rows: Sequence[tuple[Key, Sum]], by: Any) -> str:  # noqa: ANN401
    groups = _largest(grouped(rows, by), _MOST_BARS, key=lambda item: -item[1].dollars)
    values = [float(each.dollars) for each in groups.values()]
    return charts.bars(title, list(groups), {"US dollars": values}, dollars=True)


def _tokens(title: str, rows: Sequence[tuple[Key, Sum]]) -> str:
    groups = _largest(
        grouped(rows, lambda key: key.model), _MOST_BARS, key=lambda item: -item[1].input_tokens
    )
    series = {
        name: [getattr(each, field) for each in groups.values()] for name, field in _TOKENS.items()
    }
    return charts.bars(title, list(groups), series)


def _regions(title: str, rows: Sequence[tuple[Key, Sum]]) -> str:
    groups = _largest(
        grouped(rows, lambda key: key.region), _MOST_BARS, key=lambda item: -item[1].calls
    )
    return charts.bars(title, list(groups), {"calls": [each.calls for each in groups.values()]})


def _largest(groups: Mapping[str, Sum], most: int, key: Any) -> Mapping[str, Sum]:  # noqa: ANN401
    return dict(sorted(groups.items(), key=key)[:most])
