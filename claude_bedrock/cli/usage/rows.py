"""The rows of usage: of records, as the query `usage` gives them, whichever engine answers it; and
of audit log entries."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from claude_bedrock.catalog.cost import LONG_PROMPTS
from claude_bedrock.cli.shared.errors import CliError
from claude_bedrock.queries import render


class UnanswerableError(CliError):
    """The question cannot be asked where it was to be asked; the text says why."""


class Row(NamedTuple):
    """As claude_bedrock/queries/usage.sql names them. `team` is the one in the record's
    metadata, empty in records of 0.2 and before. `unreadable` are lines that are no record, and
    files that are not whole; none of them is among the calls. `principal` is
    the ARN of the role or user that called. `incomplete` are calls that broke off, whose tokens are
    those counted until then; Bedrock's records have none of them. Of `cache_write_tokens`, the
    cache keeps `cache_write_5m_tokens` for 5 minutes and `cache_write_1h_tokens` for an hour; of
    the rest it is unknown, as of all in records. `service_tier` is unknown there too."""

    day: str
    caller: str
    model_id: str
    answered_in: str
    above_tokens: int
    calls: int
    failed: int
    uncounted: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    unreadable: int = 0
    unreadable_in: str = ""
    team: str = ""
    principal: str = ""
    incomplete: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    service_tier: str = ""


_NUMBERS: Final = tuple(name for name, kind in Row.__annotations__.items() if kind is int)


def question(since: datetime, until: datetime) -> str:
    """Return the SQL about the calls from `since` up to but not at `until`, both UTC."""
    return render.text("usage", render.between(since, until), LONG_PROMPTS)


def read(
    names: Sequence[str], values: Iterable[Sequence[Any]], broken: Iterable[str] = ()
) -> list[Row]:
    """Return what an engine answered, whose columns are called `names`, and a row for each of the
    `broken` files, by its path."""
    rows = [dict(zip(names, row, strict=True)) for row in values]
    answered = (Row(**{name: _value(name, value) for name, value in row.items()}) for row in rows)
    return [*answered, *map(unreadable_row, broken)]


def unreadable_row(source: str) -> Row:
    """Return a row for what cannot be read, by its path or log event."""
    return _NOTHING._replace(unreadable=1, unreadable_in=source)


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - text or number
    return int(value) if name in _NUMBERS else value or ""


_NOTHING: Final = Row("", "", "", "", 0, 0, 0, 0, 0, 0, 0, 0)
