"""The budgets of a stage, as a function reads them from its environment; those of one caller."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from claude_bedrock.budgets.period import Period

USD: Final = "usd"
"""Micro-dollars, as an integer."""
TOKENS: Final = "tokens"
UNITS: Final = (USD, TOKENS)
STAGE: Final = "stage"
DEFAULT: Final = "default"
MICRO: Final = 1_000_000
_TEAM: Final = "team#"
_CALLER: Final = "caller#"


class Budget(NamedTuple):
    """`subject` is whose spending is counted: STAGE, or the subject of a team or caller. `limit` is
    in `unit`. `blocks`: whether a call that does not fit is refused. `alert_at` are percentages."""

    subject: str
    unit: str
    limit: int
    per: str
    blocks: bool = True
    alert_at: tuple[int, ...] = ()

    @property
    def scope(self) -> str:
        """`stage`, `team` or `caller`."""
        return self.subject.partition("#")[0]

    @property
    def name(self) -> str:
        """The team's or caller's name; empty for the stage."""
        return self.subject.partition("#")[2]

    def counter(self, period: Period) -> str:
        """Return the name of the attribute that counts the subject's spending in the period."""
        return f"{self.unit}#{period.per}#{period.label}"


class Rules(NamedTuple):
    """The budgets of a stage, by whom they are for; DEFAULT is for each that is not named."""

    stage: tuple[Budget, ...] = ()
    teams: Mapping[str, tuple[Budget, ...]] = {}
    callers: Mapping[str, tuple[Budget, ...]] = {}

    def budgets_for(self, caller: str, team: str) -> tuple[Budget, ...]:
        """Return the budgets that a call counts against, of a caller by its qualified name: see
        claude_bedrock.caller_sessions.qualified_name."""
        return (
            *self.stage,
            *_for_subject(self.teams, team, _TEAM),
            *_for_subject(self.callers, _caller_key(self.callers, caller), _CALLER),
        )


def caller_subject(caller: str) -> str:
    """Return the subject of a caller."""
    return f"{_CALLER}{caller}"


def subject_of(scope: str, name: str) -> str:
    """Return the subject of a scope (`stage`, `team` or `caller`) and a name."""
    return scope if scope == STAGE else f"{scope}#{name}"


def parse(text: str) -> Rules:
    """Return the rules in the JSON that `to_json` writes. Raises ValueError, LookupError,
    TypeError, AttributeError."""
    content: dict[str, Any] = json.loads(text)
    return Rules(
        stage=_budgets(STAGE, content.get("stage", [])),
        teams={name: _budgets("", rows) for name, rows in content.get("teams", {}).items()},
        callers={name: _budgets("", rows) for name, rows in content.get("callers", {}).items()},
    )


def to_json(rules: Rules) -> str:
    """Return the rules as compact JSON: a function's environment holds 4 KB."""
    content = {
        "stage": _rows(rules.stage),
        "teams": {name: _rows(budgets) for name, budgets in rules.teams.items()},
        "callers": {name: _rows(budgets) for name, budgets in rules.callers.items()},
    }
    return json.dumps(
        {key: value for key, value in content.items() if value}, separators=(",", ":")
    )


def role_of(caller: str) -> str:
    """Return the role of a caller named `role/session`; empty for another. The `/` of a token's
    caller is behind its issuer's `:`."""
    role, slash, _ = caller.partition("/")
    return role if slash and ":" not in role else ""


def _caller_key(callers: Mapping[str, Sequence[Budget]], caller: str) -> str:
    """Return the caller's name or, where only the role of a `role/session` is named, the role:
    whoever takes a role may choose the session's name."""
    role = role_of(caller)
    return role if caller not in callers and role in callers else caller


def _for_subject(
    rules: Mapping[str, tuple[Budget, ...]], name: str, prefix: str
) -> Iterator[Budget]:
    if name:
        for budget in rules.get(name, rules.get(DEFAULT, ())):
            yield budget._replace(subject=f"{prefix}{name}")


def _budgets(subject: str, rows: Sequence[Sequence[Any]]) -> tuple[Budget, ...]:
    return tuple(
        Budget(subject, unit, int(limit), per, bool(blocks), tuple(alert_at))
        for unit, limit, per, blocks, alert_at in rows
    )


def _rows(budgets: Sequence[Budget]) -> list[list[Any]]:
    return [[b.unit, b.limit, b.per, int(b.blocks), list(b.alert_at)] for b in budgets]
