"""The report as one page of HTML that makes no request."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from claude_bedrock.cli.audit import charts
from claude_bedrock.cli.audit.controls import CONTROLS, of_statements
from claude_bedrock.cli.audit.report import Report
from claude_bedrock.cli.audit.statement import counted
from claude_bedrock.cli.html import render
from claude_bedrock.cli.usage.table import remarks
from claude_bedrock.cli.usage.totals import Dimension, Sum, Usage

_MOST_BARS: Final = 12
_MOST_FINDINGS: Final = 500
_TOKENS: Final = {
    "input": "input_tokens",
    "output": "output_tokens",
    "read from cache": "cache_read_tokens",
    "written to cache": "cache_write_tokens",
}


def page(report: Report) -> str:
    """Return the report as an HTML page. The template escapes every value but the page's own style
    and script, and the charts, which their library escapes."""
    return render(
        __name__,
        "report.html.j2",
        report=report,
        about=report.about,
        by_id={statement.id: statement for statement in report.statements},
        verdicts=counted(report.statements),
        controls=CONTROLS,
        controls_of=of_statements(),
        total=report.usage.total,
        notes=remarks(report.usage),
        usage_notes=report.usage.notes,
        callers=_by_caller_and_model(report.usage),
        regions=_named(report.usage, "region"),
        charts=_charts(report.usage),
        most_findings=_MOST_FINDINGS,
    )


def _grouped(usage: Usage, *by: Dimension) -> dict[tuple[str, ...], Sum]:
    """Return the sums by some of the dimensions that `usage` has, in that order."""
    at = [usage.by.index(dimension) for dimension in by]
    groups: dict[tuple[str, ...], Sum] = {}
    for values, group_sum in usage.groups.items():
        groups.setdefault(tuple(values[position] for position in at), Sum()).merge(group_sum)
    return dict(sorted(groups.items()))


def _named(usage: Usage, by: Dimension) -> Mapping[str, Sum]:
    return {name: group_sum for (name,), group_sum in _grouped(usage, by).items()}


def _by_caller_and_model(usage: Usage) -> list[tuple[Mapping[str, str], Sum]]:
    names: tuple[Dimension, ...] = ("caller", "model", "geography")
    groups = _grouped(usage, *names).items()
    dearest = sorted(groups, key=lambda item: (-item[1].dollars.total, item[0]))
    return [(dict(zip(names, values, strict=True)), group_sum) for values, group_sum in dearest]


def _charts(usage: Usage) -> Mapping[str, str]:
    if not usage.groups:
        return {}
    return {
        "calls a day, by model": _by_day("Calls a day, by model", usage),
        "cost by caller": _cost("Cost by caller in US dollars", usage),
        "tokens by model": _tokens("Tokens by model", usage),
        "calls by region": _regions("Calls by the Region that answered", usage),
    }


def _by_day(title: str, usage: Usage) -> str:
    days, models = list(_named(usage, "day")), list(_named(usage, "model"))
    groups = _grouped(usage, "model", "day")
    series = {
        model: [groups[model, day].calls if (model, day) in groups else 0 for day in days]
        for model in models
    }
    return charts.over_time(title, days, series)


def _cost(title: str, usage: Usage) -> str:
    groups = _largest(_named(usage, "caller"), lambda group_sum: group_sum.dollars.total)
    values = [float(group.dollars.total) for group in groups.values()]
    return charts.bars(title, list(groups), {"US dollars": values}, dollars=True)


def _tokens(title: str, usage: Usage) -> str:
    groups = _largest(_named(usage, "model"), lambda group_sum: group_sum.input_tokens)
    series = {
        name: [getattr(group, field) for group in groups.values()]
        for name, field in _TOKENS.items()
    }
    return charts.bars(title, list(groups), series)


def _regions(title: str, usage: Usage) -> str:
    groups = _largest(_named(usage, "region"), lambda group_sum: group_sum.calls)
    return charts.bars(title, list(groups), {"calls": [group.calls for group in groups.values()]})


def _largest(groups: Mapping[str, Sum], by: Callable[[Sum], Decimal | int]) -> Mapping[str, Sum]:
    return dict(sorted(groups.items(), key=lambda item: -by(item[1]))[:_MOST_BARS])
