"""The message for an empty list of calls, which is no sign that there were none."""

from difflib import get_close_matches
from typing import Final

from claude_bedrock import catalog
from claude_bedrock.cli.logs.listing import CallsRead, LogFilter, model_of
from claude_bedrock.verification.period import Period

_MOST: Final = 10
_OPTIONS: Final = {
    "caller": "--caller",
    "model": "--model",
    "text": "--contains",
    "request_id": "--request-id",
    "failed": "--failed",
}


def no_match(log_filter: LogFilter, period: Period, read: CallsRead) -> str:
    """Return one line: what was looked for in which window, what there is instead, and what was
    meant."""
    conditions = " ".join(
        _OPTIONS[name] if value is True else f"{_OPTIONS[name]} {value}"
        for name, value in log_filter._asdict().items()
        if value
    )
    window = f"from {period.since:%Y-%m-%d %H:%M} to {period.until:%Y-%m-%d %H:%M} UTC"
    if not read.calls and log_filter.caller:
        others = "the list without --caller shows other callers"
        return f"No call with {conditions} is on record {window}; {others}."
    if not read.calls:
        filtered = f" with {conditions}" if log_filter.request_id else ""
        return f"No call{filtered} is on record {window}. --hours and --since look further back."
    whose = " whose record has this caller's name" if log_filter.caller else ""
    there = f"{read.calls}{whose} are, by {_some(read.callers)}, of {_some(read.models)}"
    return f"No call on record {window} matches {conditions}: {there}.{_hint(log_filter.model)}"


def _hint(model: str) -> str:
    """Return a sentence with the catalog's model that a name resembles; none where it is one."""
    if not model or model_of(model):
        return ""
    names = [model.name for model in catalog.MODELS]
    close = get_close_matches(model.casefold().replace(".", "-"), names, n=1)
    meant = f" Is {close[0]} meant?" if close else ""
    return f" The catalog has no model {model!r}.{meant}"


def _some(names: set[str]) -> str:
    first = sorted(names)[:_MOST]
    more = len(names) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")
