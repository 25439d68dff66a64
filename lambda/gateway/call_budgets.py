"""The budgets of a call: reserved before Bedrock, settled once the response has gone out.

One round trip to DynamoDB each: the updates of stage, team and caller are made at the same time.
docs/budgets.md says what that holds, and how far.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

from claude_bedrock import catalog
from claude_bedrock.budgets import item, spending
from claude_bedrock.budgets.budget import USD, Budget
from claude_bedrock.budgets.item import RESERVATION_SECONDS, Item, Reservation
from claude_bedrock.budgets.period import MINUTE
from claude_bedrock.budgets.spending import Amounts
from gateway import budget_responses, errors
from gateway.budget_subject import BudgetSubject
from gateway.budget_table import BudgetTable, Result, Update
from gateway.model_call import ModelCall
from gateway.reservation import Bound, used

RESERVE_SECONDS: Final = 3.0
SETTLE_SECONDS: Final = 3.0

RESERVED: Final = "reserved"
REFUSED: Final = "refused"
UNAVAILABLE: Final = "unavailable"
SETTLED: Final = "settled"
UNSETTLED: Final = "unsettled"


class CallBudgets:
    """The budgets of one call. `state` is RESERVED, REFUSED or UNAVAILABLE, and of a reserved call
    in the end SETTLED or UNSETTLED; `cause` names the first failure of the table, if any; `alerts`
    is how many thresholds of `alert_at` the call has passed."""

    def __init__(
        self,
        budgets: Sequence[Budget],
        table: BudgetTable,
        call: ModelCall,
        call_id: str,
        *,
        fails_open: bool,
    ) -> None:
        self.state = ""
        self.cause = ""
        self.alerts = 0
        self.reserve_ms = self.settle_ms = 0.0
        self._budgets = budgets
        self._table = table
        self._call = call
        self._reservation = item.reservation_name(call_id)
        self._fails_open = fails_open
        self._subjects: list[BudgetSubject] = []
        self._model: catalog.Model | None = None
        self._bound: Bound | None = None
        self._held = Amounts()

    def reserve(self, model_ids: Sequence[str], body: bytes) -> None:
        """Reserve what the call may cost, once for all attempts at it.

        Raises BudgetExceeded, TokenRateExceeded, BudgetsUnavailable, PermissionDenied.
        """
        model = catalog.find(self._call.model)
        if model is None:
            raise LookupError(self._call.model)
        self._check_price(model)
        routes = [model_id.partition(".")[0] for model_id in model_ids]
        self._model, self._bound = model, Bound(model, routes, body)
        self._held = amounts = self._bound.amounts
        now = time.time()
        subjects = [
            BudgetSubject(name, [budget for budget in self._budgets if budget.subject == name], now)
            for name in dict.fromkeys(budget.subject for budget in self._budgets)
        ]
        self._check_size(subjects, amounts)
        self._subjects = subjects
        started_at = time.monotonic()
        self._reserve(amounts, now)
        self.reserve_ms = (time.monotonic() - started_at) * 1000
        self._decide(amounts, now)

    def _reserve(self, amounts: Amounts, now: float) -> None:
        value = Reservation("", int(now) + RESERVATION_SECONDS, amounts).value()
        updates = [
            Update(
                subject.subject,
                added=subject.added(amounts),
                reservation=self._reservation,
                value=value,
                most=subject.most(amounts),
            )
            for subject in self._subjects
        ]
        results = self._table.update(updates, seconds=RESERVE_SECONDS)
        for subject, result in zip(self._subjects, results, strict=True):
            subject.result = result
            subject.is_reserved = result.is_done
            self.cause = self.cause or result.cause

    def _decide(self, amounts: Amounts, now: float) -> None:
        exceeded = [
            (subject, budget)
            for subject in self._subjects
            if subject.result.failed
            # Where the item that came with a refusal does not say which budget, the refusal stands.
            for budget in subject.exceeded(amounts) or [subject.budgets[0]]
        ]
        # A refusal comes before a failure: one budget that is used up is enough.
        if exceeded:
            self.state = REFUSED
            raise budget_responses.refusal(
                [(budget, subject.period_of(budget)) for subject, budget in exceeded], now
            )
        if any(subject.result.cause for subject in self._subjects):
            self.state = UNAVAILABLE
            if not self._fails_open:
                raise errors.BudgetsUnavailable(
                    "The endpoint could not check your budget. Try again in a few seconds.",
                    cause=self.cause,
                )
            return
        self.state = RESERVED
        shares = [
            (budget, subject.period_of(budget), self._share(subject, budget))
            for subject in self._subjects
            for budget in subject.budgets
            if budget.blocks and budget.per != MINUTE
        ]
        self._call.budget_headers = budget_responses.headers(shares)

    def settle(self) -> None:
        """Charge what the call came to, or release it where no model ran: of what is reserved, of
        what may be, and of a call that went on without a reservation."""
        if self._bound is None or self._model is None or not self._subjects:
            return
        actual = Amounts()
        if self.state in (RESERVED, UNAVAILABLE) and self._call.attempts:
            actual = used(self._model, self._bound, self._call.attempts, self._call.usage)
        settled = [subject for subject in self._subjects if self._is_open(subject)]
        started_at, now = time.monotonic(), time.time()
        results = self._table.update(
            [self._settlement(subject, actual, now) for subject in settled], seconds=SETTLE_SECONDS
        )
        self.settle_ms = (time.monotonic() - started_at) * 1000
        for subject, result in zip(settled, results, strict=True):
            subject.charged = self._charged(subject, result, actual)
            subject.result = result
            self.cause = self.cause or result.cause
            if result.is_done:
                self.alerts += self._thresholds_passed(subject, result.item, actual, now)
        if self.state == RESERVED:
            is_settled = all(result.is_done for result in results)
            self.state = SETTLED if is_settled else UNSETTLED

    def _is_open(self, subject: BudgetSubject) -> bool:
        """Return whether there is a reservation, may be one, or the call went on without one."""
        went_on = self._fails_open and self.state == UNAVAILABLE and not subject.result.failed
        return subject.is_reserved or subject.result.may_be_done or went_on

    def _goes_on_unreserved(self, subject: BudgetSubject) -> bool:
        """Return whether the call went on although the table did not take its reservation."""
        return not subject.is_reserved and self._fails_open and self.state == UNAVAILABLE

    def _charged(
        self, subject: BudgetSubject, settlement: Result, actual: Amounts
    ) -> tuple[Amounts, Amounts]:
        """Return the least and the most that the counters have of the call, or ought to have: one
        that went on unreserved counts, whether the table has taken its settlement or not."""
        held = self._held
        if self._goes_on_unreserved(subject):
            may_hold = held if subject.result.may_be_done else Amounts()
            return actual, actual.plus(may_hold)
        if settlement.is_done:
            return actual, actual
        pairs = list(zip(actual, held, strict=True))
        return Amounts(*map(min, pairs)), Amounts(*map(max, pairs))

    def _settlement(self, subject: BudgetSubject, actual: Amounts, now: float) -> Update:
        if self._goes_on_unreserved(subject):
            return Update(subject.subject, added=subject.added(actual))
        difference = Amounts(actual.usd - self._held.usd, actual.tokens - self._held.tokens)
        return Update(
            subject.subject,
            added=subject.added(difference),
            reservation=self._reservation,
            removed=[
                name
                for name in item.outdated(subject.result.item, now)
                if name != self._reservation
            ],
        )

    def _thresholds_passed(
        self, subject: BudgetSubject, after: Item, actual: Amounts, now: float
    ) -> int:
        """Return how many thresholds this call's settlement has passed. Settlements of an item come
        one after the other, so that each threshold is passed by one of them."""
        passed = 0
        for budget in subject.budgets:
            in_period = subject.period_of(budget)
            open_amounts = item.reserved(after, budget.unit, in_period, now)
            spent = item.charged(after, subject.counter(budget)) - open_amounts
            before = spent - actual.of(budget.unit)
            passed += sum(
                before * 100 < percent * budget.limit <= spent * 100 for percent in budget.alert_at
            )
        return passed

    def _share(self, subject: BudgetSubject, budget: Budget) -> float:
        return item.charged(subject.result.item, subject.counter(budget)) / budget.limit

    def _check_price(self, model: catalog.Model) -> None:
        if any(budget.unit == USD for budget in self._budgets) and not spending.has_price(model):
            raise errors.PermissionDenied(
                f"{model.name} has no price on record, so it cannot be called under a budget in "
                f"dollars. Ask for another model."
            )

    def _check_size(self, subjects: Sequence[BudgetSubject], amounts: Amounts) -> None:
        """Refuse what does not fit into an empty budget, without asking the table."""
        for subject in subjects:
            for budget in subject.exceeded(amounts):
                self.state = REFUSED
                raise budget_responses.too_large(budget, amounts)

    def audit_fields(self) -> dict[str, Any]:
        """Return which budgets were consulted, what came of it, and how long it took; nothing of a
        request that has called no model."""
        if not self.state:
            return {}
        return {
            "budgets": self._consulted(),
            "budgets_state": self.state,
            "budgets_cause": self.cause,
            "budgets_reserve_ms": round(self.reserve_ms, 1),
            "budgets_settle_ms": round(self.settle_ms, 1),
            "budgets_price": spending.price_version(self._model) if self._model else "",
        }

    def _consulted(self) -> list[dict[str, Any]]:
        """Return a row for each budget: what its counter has of this call is what the verification
        adds up. `charged_up_to` is there where the call may count for more than `charged`."""
        rows = []
        for subject in self._subjects:
            for budget in subject.budgets:
                least, most = (amounts.of(budget.unit) for amounts in subject.charged)
                row = {
                    "scope": budget.scope,
                    "name": budget.name,
                    "unit": budget.unit,
                    "per": budget.per,
                    "since": subject.period_of(budget).label,
                    "used_percent": round(100 * self._share(subject, budget)),
                    "charged": least,
                    **({"charged_up_to": most} if most > least else {}),
                }
                rows.append({name: value for name, value in row.items() if value != ""})
        return rows
