"""The report on the retention of a stage's record."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from claude_bedrock.cli.retention.locations import Destination, Outcome
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.retention.log_group import audit_days
from claude_bedrock.retention.result import EarlyDeletionRisk, Moment, RetentionResult

LAST_YEAR: Final = 9000
"""Sums of dates end with the year 9999."""
NOT_ENFORCED: Final = (
    "This is the embedded AWS of local mode: it removes nothing by age and loses the lifecycle "
    "rules of a bucket (docs/local.md). Ask a stage in your account for what AWS will do."
)
_SIGNS: Final[Mapping[Outcome, tuple[str, str]]] = {
    "ok": ("✓", "green"),
    "too short": ("✗", "red"),
    "unknown": ("?", "magenta"),
}


class Report(NamedTuple):
    """`source` is where the stage's number, `days`, was read."""

    deployment: Deployment
    source: str
    days: int
    day: dt.date
    destinations: Sequence[Destination]

    @property
    def outcomes(self) -> list[Outcome]:
        return [destination.outcome(self.days) for destination in self.destinations]

    @property
    def note(self) -> str:
        """What has to be known of the AWS that was asked."""
        return NOT_ENFORCED if self.deployment.endpoint_url else ""

    def as_data(self) -> dict[str, object]:
        return {
            "stage": self.deployment.stage,
            "region": self.deployment.region,
            "day": self.day.isoformat(),
            "retention_days": self.days,
            "retention_days_from": self.source,
            "note": self.note,
            "destinations": [
                {
                    "destination": destination.name,
                    "outcome": destination.outcome(self.days),
                    "needed_days": self.days + destination.extra_days,
                    **_as_data(destination),
                }
                for destination in self.destinations
            ],
        }

    def as_text(self) -> RenderableType:
        title = Text(
            f"What was written on {self.day} (UTC) is to be kept {self.days} days, says "
            f"{self.source}; what explains it (audit entries, access log, verification) "
            f"{audit_days(self.days)} days. By the rules in force now:\n"
        )
        return Group(title, self._table(), *self._below())

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        table.add_column("")
        table.add_column("Where, and by which rule")
        for heading in ("Kept", "May vanish from", "All due by"):
            table.add_column(heading, no_wrap=True)
        for destination in self.destinations:
            sign, style = _SIGNS[destination.outcome(self.days)]
            table.add_row(Text(sign, style), *_cells(destination))
        return table

    def _below(self) -> Iterator[Text]:
        late = {retention.delay: None for retention in self._known() if retention.delay}
        if late:
            yield Text(f"\nWhat is due is removed later: {'; '.join(late)}.")
        sources = {source: None for retention in self._known() for source in retention.sources}
        yield Text("\nAWS's pages on these rules:")
        for source in sources:
            yield Text(f"- {source}")
        yield Text("\nWhat ends it earlier:")
        for threat, names in self._threats().items():
            yield Text(f"- {threat.what}\n  {_of(names)}; {threat.source}")
        unknown = {
            destination.unknown: None for destination in self.destinations if destination.unknown
        }
        for why in unknown:
            yield Text(f"\nNot known: {why}.", "magenta")
        if self.note:
            yield Text(f"\n{self.note}")
        extra = sorted({destination.extra_days for destination in self.destinations})
        for days in (self.days + extra_days for extra_days in extra):
            if short := self._retained_less_than(days):
                yield Text(f"\nKept less than {days} days: {', '.join(short)}.", "red")

    def _retained_less_than(self, days: int) -> list[str]:
        """Return the names of those that have to be kept that long and are not."""
        return [
            destination.name
            for destination in self.destinations
            if self.days + destination.extra_days == days
            and destination.outcome(self.days) == "too short"
        ]

    def _known(self) -> list[RetentionResult]:
        return [destination.retention for destination in self.destinations if destination.retention]

    def _threats(self) -> dict[EarlyDeletionRisk, list[str]]:
        threats: dict[EarlyDeletionRisk, list[str]] = {}
        for destination in self.destinations:
            for threat in destination.retention.threats if destination.retention else ():
                threats.setdefault(threat, []).append(destination.name)
        return threats


def _cells(destination: Destination) -> tuple[str | Text, ...]:
    retention = destination.retention
    if retention is None:
        return Text(f"{destination.name}\nnot known"), "?", "?", "?"
    rule = retention.rule
    if retention.hidden:
        rule += f"; behind a delete marker from {_when(retention.hidden)}"
    days = "no end" if retention.days is None else f"{retention.days} days"
    return Text(f"{destination.name}\n{rule}"), days, _when(retention.first), _when(retention.last)


def _when(moment: Moment) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} of these places"


def _as_data(destination: Destination) -> dict[str, object]:
    retention = destination.retention
    if retention is None:
        return {"unknown": destination.unknown}
    return {
        "rule": retention.rule,
        "kept_days": retention.days,
        "hidden": _iso(retention.hidden),
        "first": _iso(retention.first),
        "last": _iso(retention.last),
        "delay": retention.delay,
        "earlier": [threat._asdict() for threat in retention.threats],
        "sources": list(retention.sources),
    }


def _iso(moment: Moment) -> str | None:
    return moment.isoformat() if moment else None
