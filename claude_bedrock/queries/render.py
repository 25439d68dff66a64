"""The texts of the queries, filled with the time they are about."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple

Query = Literal["usage", "calls", "unmatched"]
QUERIES: Final[tuple[Query, ...]] = ("usage", "calls")
"""Those of the records alone; `unmatched` reads the table of audit log entries too."""

_FOLDER = Path(__file__).parent
_BEYOND = timedelta(hours=1)
"""An object is named for its first record and may be delivered later. As in verification.run."""


class Period(NamedTuple):
    """SQL for the first and last hour whose objects are read, and for the first moment and the one
    after the last."""

    first_hour: str
    last_hour: str
    since: str
    until: str


def between(since: datetime, until: datetime) -> Period:
    """Return the window from `since` up to but not at `until`, both UTC, to the second."""
    return Period(
        f"'{since - _BEYOND:%Y/%m/%d/%H}'",
        f"'{until + _BEYOND:%Y/%m/%d/%H}'",
        f"'{since:%Y-%m-%dT%H:%M:%SZ}'",
        f"'{until:%Y-%m-%dT%H:%M:%SZ}'",
    )


def last_days(days: int) -> Period:
    """In Athena's SQL, whatever the day on which it is asked.

    https://trino.io/docs/current/functions/datetime.html
    """
    begin, end = f"current_timestamp - interval '{days}' day", "current_timestamp"
    hour, moment = "%Y/%m/%d/%H", "%Y-%m-%dT%H:%i:%sZ"
    return Period(
        f"date_format({begin} - interval '1' hour, '{hour}')",
        f"date_format({end} + interval '1' hour, '{hour}')",
        f"date_format({begin}, '{moment}')",
        f"date_format({end}, '{moment}')",
    )


def text(query: Query, period: Period, long_prompts: Collection[int]) -> str:
    """Return the SQL. `long_prompts`: lengths of prompt, in tokens, above which some model is
    dearer."""
    template, caller = ((_FOLDER / f"{name}.sql").read_text() for name in (query, "caller"))
    return template.format(
        **period._asdict(), caller=caller.strip(), above_tokens=_above(long_prompts)
    )


def _above(long_prompts: Collection[int]) -> str:
    cases = [
        f"WHEN prompt_tokens > {length:d} THEN {length:d}"
        for length in sorted(long_prompts, reverse=True)
    ]
    return f"CASE {' '.join(cases)} ELSE 0 END" if cases else "0"


def literal(text: str) -> str:
    """Return a text as SQL has it between quotes."""
    return "'" + text.replace("'", "''") + "'"
