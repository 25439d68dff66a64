"""The counters of the table of budgets, compared with the sum of what the sealed hours say that
their calls were charged.

Each hour's evidence has the sum of its calls by counter (`budget_charges`), so that nothing is
joined again. The counters of a period that has ended have to hold just that; one of a running week
or month no less than its sealed hours. A call at a day's edge may be in an hour of another day than
its counter, by the clocks of two machines: so a day is compared once the hour behind it is sealed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from claude_bedrock.budgets import item, period
from claude_bedrock.budgets.budget import STAGE, UNITS
from claude_bedrock.budgets.item import Item
from claude_bedrock.budgets.period import PERS, Period
from claude_bedrock.verification.budget_charges import BUDGETS, in_words
from claude_bedrock.verification.finding import Finding
from claude_bedrock.verification.hours import iso

Key = tuple[str, str]
"""A subject and the name of its counter."""
_A_MOMENT: Final = timedelta(milliseconds=1)
EDGE: Final = timedelta(hours=1)
"""So far beyond a period its calls' hours are looked for."""


class HourCharges(NamedTuple):
    """What is sealed of a time: from `since` up to `until`, in seconds since 1970. `is_known`:
    whether it is known of every call what it was charged."""

    since: float
    until: float
    charged: Mapping[str, Mapping[str, Sequence[int]]]
    is_known: bool


class BudgetCheck(NamedTuple):
    """`exact` counters were compared with what they have to hold, `at_least` with what they may
    not be below; of these, `above_unknown` belong to an ended period of which not every call is
    known."""

    exact: int
    at_least: int
    above_unknown: int
    findings: Sequence[Finding]

    def entry(self) -> dict[str, Any]:
        """Return what is sealed of it, beside the findings."""
        counts = {name: value for name, value in self._asdict().items() if name != "findings"}
        return {"kind": "budgets", **counts, "found": len(self.findings)}


def charges_of(entry: Mapping[str, Any], since: datetime, until: datetime) -> HourCharges:
    """Return what the first entry of a file of evidence says of its time."""
    sums, counts = entry.get(BUDGETS) or {}, entry.get("counts") or {}
    lost = counts.get("audit_entries_lost", 0) + counts.get("unreadable", 0)
    is_known = BUDGETS in entry and not sums.get("unknown") and not lost
    return HourCharges(since.timestamp(), until.timestamp(), sums.get("charged", {}), is_known)


def first_needed(until: datetime) -> datetime:
    """Return from when on the hours are needed to check the day that ends at `until`."""
    before = (until - _A_MOMENT).timestamp()
    start = min(period.containing(per, before).start for per in PERS)
    return datetime.fromtimestamp(start, UTC) - EDGE


def check_budgets(
    hours: Iterable[HourCharges], items: Mapping[str, Item], until: datetime, now: datetime
) -> BudgetCheck:
    """Compare the counters of the day that ends at `until`, a midnight (UTC), and of its week and
    month. `hours` are those from `first_needed` to EDGE after `until`."""
    periods = [period.containing(per, (until - _A_MOMENT).timestamp()) for per in PERS]
    sums, known = _sums(hours, periods)
    keys = sorted({*sums, *_counters(items, periods)})
    checks = [
        _Check(key, sums.get(key, (0, 0)), items.get(key[0], {}), in_period, known[in_period.per])
        for key in keys
        if (in_period := _period_of(key, periods)) and item.is_kept(in_period, now.timestamp())
    ]
    end = until.timestamp()
    ended = [check for check in checks if check.period.end <= end]
    findings = [finding for check in checks if (finding := check.finding(until, now))]
    exact = sum(check.is_known for check in ended)
    return BudgetCheck(exact, len(checks) - exact, len(ended) - exact, findings)


class _Check(NamedTuple):
    """A counter's `sums`, the least and the most that it ought to hold, and the subject's item."""

    key: Key
    sums: tuple[int, int]
    item: Item
    period: Period
    is_known: bool

    def finding(self, until: datetime, now: datetime) -> Finding | None:
        """Return the finding where the counter holds another amount, if it does."""
        subject, counter = self.key
        unit = counter.partition("#")[0]
        held, (least, most) = item.charged(self.item, counter), self.sums
        most += item.ended(self.item, unit, self.period, now.timestamp())
        is_over = self.is_known and self.period.end <= until.timestamp() and held > most
        if held >= least and not is_over:
            return None
        charged = in_words(unit, least if held < least else most)
        word = "or more" if held < least else "at most"
        scope, _, name = subject.partition("#")
        return Finding(
            kind="budget_mismatch",
            request_id="",
            at=iso(until - _A_MOMENT, "milliseconds"),
            model_id="",
            who=name or scope,
            detail=f"the {self.period.per}'s counter of {_in_words(subject)} holds "
            f"{in_words(unit, held)}, and its calls were charged {charged} {word}",
            source=f"{counter} of {subject}",
        )


def _in_words(subject: str) -> str:
    scope, _, name = subject.partition("#")
    return "the stage" if scope == STAGE else f"{scope} {name}"


def _sums(
    hours: Iterable[HourCharges], periods: Sequence[Period]
) -> tuple[dict[Key, tuple[int, int]], dict[str, bool]]:
    """Return the sums by counter, and by period whether all calls are known that can have been
    charged to it."""
    least, most = Counter[Key](), Counter[Key]()
    seconds, edge = Counter[str](), int(EDGE.total_seconds())
    for hour in hours:
        for subject, charged in hour.charged.items():
            for counter, (at_least, at_most) in charged.items():
                least[subject, counter] += at_least
                most[subject, counter] += at_most
        for in_period in periods if hour.is_known else ():
            begin, end = (
                max(hour.since, in_period.start - edge),
                min(hour.until, in_period.end + edge),
            )
            seconds[in_period.per] += max(0, int(end - begin))
    known = {
        in_period.per: seconds[in_period.per] == in_period.end - in_period.start + 2 * edge
        for in_period in periods
    }
    return {key: (least[key], most[key]) for key in least}, known


def _counters(items: Mapping[str, Item], periods: Sequence[Period]) -> Iterator[Key]:
    """Yield the counters in the table that are of these periods."""
    for subject, content in items.items():
        for name in content:
            if _period_of((subject, name), periods):
                yield subject, name


def _period_of(key: Key, periods: Sequence[Period]) -> Period | None:
    unit, _, rest = key[1].partition("#")
    per, _, label = rest.partition("#")
    if unit not in UNITS:
        return None
    return next(
        (in_period for in_period in periods if (in_period.per, in_period.label) == (per, label)),
        None,
    )
