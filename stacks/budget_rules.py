"""The budgets of a stage: what is wrong with them, and the form in which functions read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from claude_bedrock.budgets.budget import DEFAULT, MICRO, STAGE, TOKENS, USD, Rules, to_json
from claude_bedrock.budgets.budget import Budget as Rule
from claude_bedrock.caller_sessions.qualified_name import KEY, RESERVED
from stacks.stage.block import Stage
from stacks.stage.callers import Budget, Callers

_KEY_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_KEYS_AND_TOKENS: Final = (
    "names of keys (letters, digits, _, . and -), and ISSUER:NAME for the callers of one of the "
    "stage's token_issuers"
)
_SIGNERS: Final = "ROLE, ROLE/SESSION and user:NAME, since callers sign with auth iam"
# Of the 4 KB of a function's environment, what the other variables leave.
RULES_CHARACTERS = 1500


def rules(stage: Stage) -> Rules:
    """Return the stage's budgets as functions know them; none for a stage without."""
    budgets = stage.callers.budgets
    if budgets is None:
        return Rules()
    return Rules(
        stage=_rules(STAGE, budgets.stage),
        teams={name: _rules("", of_team) for name, of_team in budgets.teams.items()},
        callers={name: _rules("", of_caller) for name, of_caller in budgets.callers.items()},
    )


def mistakes(stage: Stage) -> Iterator[str]:
    """Yield a line for each budget that says nothing, twice as much, or has no effect."""
    callers = stage.callers
    if callers.budgets_fail == "open" and not callers.counts_spending:
        yield (
            "callers.budgets_fail: 'open' given without budgets and without tokens_per_minute; "
            "allowed: budgets, or no budgets_fail"
        )
    if callers.budgets is None:
        return
    for path, budget in _named(stage):
        yield from _budget_mistakes(f"callers.budgets.{path}", budget)
    known = {DEFAULT, *callers.teams}
    for team in callers.budgets.teams:
        if team not in known and not callers.token_issuers:
            yield (
                f"callers.budgets.teams.{team}: given; allowed: default, and the stage's teams "
                f"({', '.join(callers.teams) or 'none'})"
            )
    for name in callers.budgets.callers:
        if name != DEFAULT and not _is_caller(name, callers):
            yield (
                f"callers.budgets.callers.{name}: given; allowed: default, and "
                f"{_SIGNERS if callers.auth == 'iam' else _KEYS_AND_TOKENS}"
            )
    size = len(to_json(rules(stage)))
    if size > RULES_CHARACTERS:
        yield (
            f"callers.budgets: {size} characters as a function reads them; allowed: "
            f"{RULES_CHARACTERS}, since a function's environment holds 4 KB; budgets of default "
            "need no names"
        )


def _is_caller(name: str, callers: Callers) -> bool:
    """Return whether a caller of the stage may have this qualified name, or its role."""
    kind, colon, rest = name.partition(":")
    if callers.auth == "iam":
        return not colon or (kind in RESERVED - {KEY} and bool(rest))
    if colon:
        return kind in {KEY, *callers.token_issuers} and bool(rest)
    return _KEY_NAME.fullmatch(name) is not None


def _budget_mistakes(path: str, budget: Budget) -> Iterator[str]:
    if (budget.usd is None) is (budget.tokens is None):
        count = "neither" if budget.usd is None else "both"
        yield f"{path}: {count} of usd and tokens given; allowed: one of them"
    if len(set(budget.alert_at)) != len(budget.alert_at):
        yield f"{path}.alert_at: {list(budget.alert_at)} given; allowed: each percentage once"
    if budget.action == "alert" and not budget.alert_at:
        yield f"{path}.alert_at: [] given with action alert; allowed: a percentage or more"


def _named(stage: Stage) -> Iterator[tuple[str, Budget]]:
    """Yield each budget with its path."""
    budgets = stage.callers.budgets
    if budgets is None:
        return
    yield from (("stage", budget) for budget in budgets.stage)
    for group, by_name in (("teams", budgets.teams), ("callers", budgets.callers)):
        for name, of_name in by_name.items():
            yield from ((f"{group}.{name}", budget) for budget in of_name)


def _rules(subject: str, budgets: Sequence[Budget]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            subject,
            *((USD, round(budget.usd * MICRO)) if budget.usd else (TOKENS, budget.tokens or 0)),
            per=budget.per,
            blocks=budget.action == "block",
            alert_at=tuple(sorted(budget.alert_at)),
        )
        for budget in budgets
    )
