"""How a client learns of budgets: the refusal, and the headers that Claude Code shows.

The headers are those of https://code.claude.com/docs/en/llm-gateway-protocol, as the gateway that
comes with Claude Code 2.1.330 sends them.
"""

import math
import time
from collections.abc import Sequence
from typing import Final

from claude_bedrock.budgets.budget import MICRO, STAGE, USD, Budget
from claude_bedrock.budgets.period import MINUTE, Period
from claude_bedrock.budgets.spending import Amounts
from gateway.errors import BudgetExceeded, GatewayError, TokenRateExceeded

_PREFIX: Final = "anthropic-ratelimit-unified-"
_THRESHOLDS: Final = (0.95, 0.75)
"""What the client warns at; those of `alert_at` are the operator's."""
_PERIOD_NAMES: Final = {"day": "daily", "week": "weekly", "month": "monthly"}
_OWNERS: Final = {STAGE: "This endpoint's", "team": "Your team's", "caller": "Your"}
_NO_RETRY: Final = {"x-should-retry": "false"}


def headers(shares: Sequence[tuple[Budget, Period, float]]) -> dict[str, str]:
    """Return the headers of a successful response: of the budget of which most is used."""
    if not shares:
        return {}
    _, in_period, share = max(shares, key=lambda entry: entry[2])
    passed = next((limit for limit in _THRESHOLDS if share > limit), None)
    status, reset = "allowed_warning" if passed else "allowed", str(in_period.end)
    named = {
        "status": status,
        "reset": reset,
        "representative-claim": "overage",
        "overage-status": status,
        "overage-reset": reset,
        "overage-utilization": f"{min(share, 0.99):.2f}",
    }
    if passed:
        named["overage-surpassed-threshold"] = str(passed)
    return {f"{_PREFIX}{name}": value for name, value in named.items()}


def refusal(exceeded: Sequence[tuple[Budget, Period]], now: float) -> GatewayError:
    """Return the error of a call that does not fit: of the budget whose period ends last."""
    budget, in_period = max(exceeded, key=lambda pair: pair[1].end)
    wait = {"retry-after": str(max(1, math.ceil(in_period.end - now)))}
    if budget.per == MINUTE:
        rate_error: GatewayError = TokenRateExceeded(
            f"Your plan allows {budget.limit:,} tokens a minute, and this request does not fit "
            f"into what is left of them. Try again in the next minute."
        )
        rate_error.headers = wait
        return rate_error
    error = BudgetExceeded(
        f"{_described(budget)} is used up, or this request does not fit into what is left of it. "
        f"The next {budget.per} begins at {_moment(in_period.end)}. To go on before, ask the "
        f"operator of this endpoint for a larger budget."
    )
    error.headers = {**wait, **_NO_RETRY, **_rejected(budget, in_period)}
    return error


def too_large(budget: Budget, amounts: Amounts) -> GatewayError:
    """Return the error of a call that would not fit into the whole budget."""
    kind = TokenRateExceeded if budget.per == MINUTE else BudgetExceeded
    may_cost = _amount(budget.unit, amounts.of(budget.unit))
    error = kind(
        f"{_described(budget)} is less than the {may_cost} that this request may cost. Send a "
        f"shorter request, or lower max_tokens."
    )
    error.headers = _NO_RETRY
    return error


def _rejected(budget: Budget, in_period: Period) -> dict[str, str]:
    """Return the headers of a refusal, without those by which a client would write a sentence of
    its own."""
    is_shared = budget.scope != "caller"
    named = {
        "status": "rejected",
        "reset": str(in_period.end),
        "overage-reset": str(in_period.end),
        "overage-utilization": "1",
        "overage-surpassed-threshold": "1",
        "overage-period": "monthly" if is_shared else _PERIOD_NAMES[budget.per],
        "overage-disabled-reason": "org_spend_cap_reached",
    }
    if is_shared:
        named["overage-scope"] = "group_pool"
    return {f"{_PREFIX}{name}": value for name, value in named.items()}


def _described(budget: Budget) -> str:
    """Return the budget in words; amounts of a team or the endpoint are not for every caller."""
    limit = f" of {_amount(budget.unit, budget.limit)}" if budget.scope == "caller" else ""
    return f"{_OWNERS[budget.scope]} budget{limit} for the {budget.per}"


def _amount(unit: str, amount: int) -> str:
    return f"${amount / MICRO:,.2f}" if unit == USD else f"{amount:,} tokens"


def _moment(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
