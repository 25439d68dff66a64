"""Our dollars beside the bill's, for each caller or team, and why they differ."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from claude_bedrock.caller_sessions.session_name import caller_name, session_name
from claude_bedrock.cli.usage.bill.export import BillLine
from claude_bedrock.cli.usage.rows import Row
from claude_bedrock.cli.usage.totals import Sum, TeamProfiles, usage
from claude_bedrock.verification.principals import Principals

By = Literal["caller", "team"]
Reason = Literal[
    "rounding",
    "billed later",
    "other rates",
    "no price in the catalog",
    "no caller session",
    "calls broke off",
    "not in the bill",
    "not in the records",
    "other tokens",
]
ROUNDING: Final = Decimal("0.01")
"""An invoice has cents: below one, nothing is looked for."""

_MONTH: Final = len("2026-11")
_KINDS: Final = ("input", "output", "cache_read", "cache_write")
_USAGE: Final = frozenset({"Usage", "DiscountedUsage"})
_TOKENS_TOLERANCE: Final = Decimal("0.001")
"""The share by which tokens may differ: an amount of a million has a limited number of digits."""

NO_TEAM: Final = "(no team)"
NO_SESSION: Final = "(the gateway's role)"


@dataclass(slots=True)
class Billed:
    """Dollars of the bill, and tokens by kind; `countable` says whether every line counts some."""

    dollars: Decimal = Decimal()
    tokens: dict[str, Decimal] = field(default_factory=dict)
    countable: bool = True

    def add(self, line: BillLine) -> None:
        """Add a line."""
        self.dollars += line.dollars
        if line.tokens is None:
            self.countable = False
        else:
            self.tokens[line.kind] = self.tokens.get(line.kind, Decimal()) + line.tokens


class Group(NamedTuple):
    """One caller or team. `reason` is None where both amounts are the same."""

    name: str
    recorded: Decimal
    billed: Decimal
    reason: Reason | None

    @property
    def difference(self) -> Decimal:
        """Return by how much the bill is higher."""
        return self.billed - self.recorded


class Comparison(NamedTuple):
    """`others` are amounts of the bill that are no usage through the gateway, by what they are.
    `last_day` is the last with a line in the bill, empty for a bill without lines."""

    by: By
    groups: list[Group]
    others: dict[tuple[str, str], Decimal]
    last_day: str

    def as_data(self) -> dict[str, Any]:
        """Return the comparison for JSON, dollars exact, as text."""
        groups = [
            {
                self.by: group.name,
                "recorded": str(group.recorded),
                "billed": str(group.billed),
                "difference": str(group.difference),
                "reason": group.reason,
            }
            for group in self.groups
        ]
        others = [
            {"kind": kind, "name": name, "billed": str(dollars)}
            for (kind, name), dollars in self.others.items()
        ]
        return {"by": self.by, "groups": groups, "others": others, "last_day": self.last_day}


class Stage(NamedTuple):
    """What tells the gateway's lines of the bill from others."""

    principals: Principals
    region: str


def compare(
    rows: Sequence[Row], lines: Iterable[BillLine], stage: Stage, profiles: TeamProfiles, by: By
) -> Comparison:
    """Lay the records' dollars beside the bill's. Lines of others, other Regions and other types
    are added up apart; records of calls past the gateway stay out, as their lines do."""
    counted = [row for row in rows if row.calls and _is_of_gateway(row, stage.principals)]
    callers = _sessions(counted)
    of_gateway, others = _split(lines, stage)
    billed: dict[str, list[BillLine]] = defaultdict(list)
    for line in of_gateway:
        billed[_name(line, stage.principals, callers, by)].append(line)
    teams = _teams_by_caller(of_gateway, stage.principals, callers) if by == "team" else {}
    recorded: dict[str, list[Row]] = defaultdict(list)
    for name, row in _by_group(counted, profiles, by):
        recorded[teams.get(row.caller, name) if name == NO_TEAM else name].append(row)
    last_day = max((line.day for line in of_gateway), default="")

    def total(of_rows: Sequence[Row]) -> Sum:
        return usage(of_rows, [by], profiles).total

    groups = [
        _group(
            name,
            recorded[name],
            billed[name],
            incomplete_from=_incomplete_from(of_gateway, last_day),
            total=total,
            has_role_lines=NO_SESSION in billed,
        )
        for name in sorted({*recorded, *billed})
    ]
    return Comparison(by, groups, dict(sorted(others.items())), last_day)


def _is_of_gateway(row: Row, principals: Principals) -> bool:
    """Return whether the row is of calls through the gateway, as one without a principal is: it was
    counted from audit log entries."""
    return not row.principal or principals.is_gateway(row.principal)


def _split(
    lines: Iterable[BillLine], stage: Stage
) -> tuple[list[BillLine], dict[tuple[str, str], Decimal]]:
    """Return the lines of the gateway, and the dollars of all others by kind and name."""
    of_gateway: list[BillLine] = []
    others: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.line_type not in _USAGE:
            others["other charge", line.line_type] += line.dollars
        elif not line.principal:
            others["without a principal", line.region or "no Region"] += line.dollars
        elif not stage.principals.is_gateway(line.principal):
            others["not by the gateway", line.principal] += line.dollars
        elif line.region and line.region != stage.region:
            others["other Region", line.region] += line.dollars
        elif line.kind == "guardrail":
            others["guardrail", line.region or "no Region"] += line.dollars
        else:
            of_gateway.append(line)
    return of_gateway, others


def _name(line: BillLine, principals: Principals, callers: Mapping[str, str], by: By) -> str:
    session = principals.session_name(line.principal)
    if by == "team":
        return line.team or (NO_TEAM if session else NO_SESSION)
    return callers.get(session) or caller_name(session) if session else NO_SESSION


def _sessions(rows: Iterable[Row]) -> dict[str, str]:
    """Return the callers by the names of their sessions; until November 2026, a session's name had
    no issuer."""
    callers = {row.caller for row in rows} - {""}
    earlier = {session_name(bare): name for name in callers if (bare := name.partition(":")[2])}
    return earlier | {session_name(name): name for name in callers}


def _teams_by_caller(
    lines: Iterable[BillLine], principals: Principals, callers: Mapping[str, str]
) -> dict[str, str]:
    """Return the teams that the sessions' tags name: records of 0.2 and
    before lack it of a token's caller."""
    named = ((callers.get(principals.session_name(line.principal)), line.team) for line in lines)
    return {caller: team for caller, team in named if caller and team}


def _by_group(rows: Iterable[Row], profiles: TeamProfiles, by: By) -> Iterator[tuple[str, Row]]:
    for row in rows:
        for (name,) in usage([row], [by], profiles).groups:
            yield name, row


def _incomplete_from(lines: Sequence[BillLine], last_day: str) -> str:
    """Return the first day of which the bill may lack lines: its last one or, where that one's
    month is invoiced, the day after the month's last. Empty for a bill without lines."""
    if not any(line.is_final for line in lines if line.day[:_MONTH] == last_day[:_MONTH]):
        return last_day
    return f"{last_day[:_MONTH]}-32"  # behind each day of the month, before the next one's first


def _group(
    name: str,
    rows: Sequence[Row],
    lines: Sequence[BillLine],
    *,
    incomplete_from: str,
    total: Callable[[Sequence[Row]], Sum],
    has_role_lines: bool,
) -> Group:
    recorded, billed = total(rows), _billed(lines)
    group = Group(name, recorded.dollars.total, billed.dollars, None)
    if group.difference == 0:
        return group
    before = [row for row in rows if row.day < incomplete_from]
    billed_before = _billed(line for line in lines if line.day < incomplete_from)
    is_late = bool(incomplete_from) and _is_same(total(before).dollars.total, billed_before.dollars)
    reason = _reason(group, recorded, billed, is_late=is_late, has_role_lines=has_role_lines)
    return group._replace(reason=reason)


def _reason(
    group: Group, recorded: Sum, billed: Billed, *, is_late: bool, has_role_lines: bool
) -> Reason:
    """Return why the amounts differ: the first that fits, from the harmless on."""
    is_less = group.difference < 0
    fitting: dict[Reason, bool] = {
        "rounding": _is_same(group.recorded, group.billed),
        "billed later": is_late and is_less,
        "no caller session": group.name == NO_SESSION or (has_role_lines and is_less),
        "not in the records": not recorded.calls,
        "not in the bill": not group.billed,
        "no price in the catalog": bool(recorded.unpriced) and not is_less,
        "other rates": _has_same_tokens(recorded, billed),
        "calls broke off": bool(recorded.incomplete + recorded.uncounted) and not is_less,
        "other tokens": True,
    }
    return next(reason for reason, fits in fitting.items() if fits)


def _billed(lines: Iterable[BillLine]) -> Billed:
    billed = Billed()
    for line in lines:
        billed.add(line)
    return billed


def _is_same(first: Decimal, second: Decimal) -> bool:
    return abs(first - second) < ROUNDING


def _has_same_tokens(recorded: Sum, billed: Billed) -> bool:
    """Return whether the bill counts what the records count; False where it does not count all of
    its lines in tokens."""
    counted = {kind: Decimal(getattr(recorded, f"{kind}_tokens")) for kind in _KINDS}
    return billed.countable and all(
        abs(tokens - billed.tokens.get(kind, Decimal()))
        <= max(tokens * _TOKENS_TOLERANCE, Decimal(1))
        for kind, tokens in counted.items()
    )
