"""The report as one page of HTML that makes no request."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from claude_bedrock.cli.audit import charts
from claude_bedrock.cli.audit.controls import CONTROLS, of_statements
from claude_bedrock.cli.audit.report import Report
from claude_bedrock.cli.audit.severity import SEVERITIES
from claude_bedrock.cli.audit.statement import counted
from claude_bedrock.cli.html import render
from claude_bedrock.cli.usage.table import remarks
from claude_bedrock.cli.usage.totals import Dimension, Sum, Usage
from claude_bedrock.cli.verify.previous_window import PreviousWindow
from claude_bedrock.verification.finding import Finding

_MOST_BARS: Final = 12
_MOST_ROWS: Final = 150
"""Of a table whose rows are as many as the window has findings or callers; `audit.json` and the
tables as CSV have all."""
_SECTIONS: Final[tuple[tuple[str, str], ...]] = (
    ("about", "Statements"),
    ("scope", "Accounts and Regions"),
    ("completeness", "Completeness"),
    ("findings", "Findings"),
    ("readers", "Readers of prompts"),
    ("logging", "Invocation logging"),
    ("retention", "Retention"),
    ("access", "Permission to invoke"),
    ("keys", "API keys"),
    ("usage", "Callers, models, tokens and cost"),
    ("where", "Residency"),
    ("drift", "Alarms and drift"),
    ("budgets", "Budgets"),
    ("versions", "Versions deployed"),
    ("answers", "AWS's answers"),
    ("controls", "Controls"),
)
_COUNTS: Final = {
    "calls": "calls of Bedrock: the sum of the next six",
    "matched": "calls with a record in both destinations",
    "not_logged": "calls whose record is missing",
    "pending": "calls too young to be judged",
    "unknown": "calls of which Bedrock's status or the record is unknown",
    "refused": "calls that Bedrock refused or never got: no record is due",
    "not_loggable": "token counts, which Bedrock does not log",
    "answered_without_bedrock": "requests that were answered without Bedrock",
    "records": "request ids on record, in either destination",
    "unmatched_records": "records without a call of the gateway",
    "records_pending": "records whose audit log entry may still come",
    "audit_entries_lost": "records of the gateway's role without an audit log entry",
    "allowed_direct_calls": "records of callers that the stage allows",
    "duplicates": "further copies of a record in one destination",
    "unreadable": "records and audit log entries that cannot be read",
}
_TOKENS: Final = {
    "input": "input_tokens",
    "output": "output_tokens",
    "read from cache": "cache_read_tokens",
    "written to cache": "cache_write_tokens",
}


def page(report: Report) -> str:
    """Return the report as an HTML page. The template escapes every value but the page's own style
    and script, and the charts, which their library escapes."""
    regions = {region or "not known": calls for region, calls in report.answered_in.items()}
    return render(
        __name__,
        "report.html.j2",
        report=report,
        about=report.about,
        by_id={statement.id: statement for statement in report.statements},
        verdicts=counted(report.statements),
        severities=SEVERITIES,
        sections=[item for item in _SECTIONS if item[0] != "budgets" or report.budgets.statements],
        controls=CONTROLS,
        controls_of=of_statements(),
        **_completeness(report),
        **_previous(report.previous),
        can_read=[role for role in report.readers.roles if role.can_read],
        total=report.usage.total,
        notes=remarks(report.usage),
        usage_notes=report.usage.notes,
        callers=_by_caller_and_model(report.usage),
        regions=regions,
        charts={**_charts(report.usage), **_region_chart(regions)},
        most_rows=_MOST_ROWS,
    )


class FindingGroup(NamedTuple):
    """Findings of one kind, model and caller: how many, and when the first and the last was."""

    kind: str
    model_id: str
    who: str
    number: int
    first: str
    last: str


def finding_groups(findings: Iterable[Finding]) -> list[FindingGroup]:
    """Return the findings summed, the largest group first."""
    numbers: Counter[tuple[str, str, str]] = Counter()
    times: dict[tuple[str, str, str], tuple[str, str]] = {}
    for finding in findings:
        group = finding.kind, finding.model_id, finding.who
        first, last = times.get(group, (finding.at, finding.at))
        times[group] = min(first, finding.at), max(last, finding.at)
        numbers[group] += 1
    return [FindingGroup(*group, number, *times[group]) for group, number in numbers.most_common()]


def _completeness(report: Report) -> Mapping[str, object]:
    joined, hours = report.completeness.report, report.completeness.hours
    direct = Counter(joined.outcome.direct_calls).most_common()
    return {
        "hours": hours,
        "hour_notes": list(hours.sentences())[1:] if hours else [],
        "count_meanings": _COUNTS,
        "direct_calls": direct,
        "findings": joined.outcome.findings,
        "finding_groups": finding_groups(joined.outcome.findings),
        "accepted": joined.accepted,
        "settled": joined.settled,
    }


def _previous(previous: PreviousWindow | None) -> Mapping[str, object]:
    """Return its findings, those that are open first, and how many came to what."""
    if previous is None:
        return {"previous_findings": (), "previous_notes": ()}
    states = Counter(finding.state for finding in previous.findings)
    notes = [f"{number:,} of its findings are {state}." for state, number in states.items()]
    if states["not assessed"]:
        notes.append(f"These may be settled or accepted, but {previous.unasked}.")
    hours = previous.hours
    return {
        "previous_findings": sorted(previous.findings, key=lambda item: item.state != "open"),
        "previous_notes": [f"{hours.verified:,} of {hours.window:,} hours are verified.", *notes],
    }


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
    }


def _region_chart(answered_in: Mapping[str, int]) -> Mapping[str, str]:
    if not answered_in:
        return {}
    title = "Calls by the Region that answered"
    most = dict(Counter(answered_in).most_common(_MOST_BARS))
    return {"calls by region": charts.bars(title, list(most), {"calls": list(most.values())})}


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


def _largest(groups: Mapping[str, Sum], by: Callable[[Sum], Decimal | int]) -> Mapping[str, Sum]:
    return dict(sorted(groups.items(), key=lambda item: -by(item[1]))[:_MOST_BARS])
