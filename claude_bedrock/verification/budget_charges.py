"""What the calls of a window were charged to budgets, compared call by call with the tokens in
Bedrock's records, and added up by counter.

The gateway writes into an audit entry what each counter has of the call (docs/operations.md); the
tokens are those of Bedrock's record, which the gateway does not write:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from claude_bedrock import catalog
from claude_bedrock.budgets import spending
from claude_bedrock.budgets.budget import MICRO, USD, subject_of
from claude_bedrock.budgets.period import PERS
from claude_bedrock.budgets.spending import Amounts
from claude_bedrock.catalog import cost
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.window import UnreadableError, Window
from claude_bedrock.verification import fields
from claude_bedrock.verification.calls import CALLER, calls
from claude_bedrock.verification.finding import Finding
from claude_bedrock.verification.reconciliation import Destination

BUDGETS: Final = "budgets"
"""What evidence has of a run's charges, and an audit entry of its call's."""
_CACHED_OF_ENTRY: Final = ("cache_read_input_tokens", "cache_creation_input_tokens")
_CACHED: Final = ("cacheReadInputTokenCount", "cacheWriteInputTokenCount")


class Charge(NamedTuple):
    """What budgets have of a call: at least `least` and at most `most`, in their unit."""

    unit: str
    least: int
    most: int


class ChargedCall(NamedTuple):
    """A request under budgets, which began at `at`. `charges` are those that differ, mostly one for
    each unit. `is_exact`: whether all that it cost is what its last attempt's record has; not where
    another attempt may have run. `is_cached`: whether it has read from a cache or written to it."""

    at: float
    request_id: str
    model: str
    model_id: str
    who: str
    charges: tuple[Charge, ...]
    price_version: str
    is_complete: bool
    is_exact: bool
    is_cached: bool


class BudgetCharges:
    """Takes the entries of a window, then its records, as they pass on to the join."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._seen: set[str] = set()  # the gateway's request ids
        self._charged: dict[str, dict[str, list[int]]] = {}  # by subject and counter
        self._unmatched: dict[str, ChargedCall] = {}  # by Bedrock's request id
        self._findings: list[Finding] = []
        self._unknown: set[str] = set()

    def entries(self, items: Iterable[LogItem]) -> Iterator[LogItem]:
        """Yield the same entries, and note what they were charged."""
        for item in items:
            if item.content and item.content.get(BUDGETS):
                self._add(item.content, item.at)
            yield item

    def records(
        self, records: Iterable[tuple[Destination, LogItem]]
    ) -> Iterator[tuple[Destination, LogItem]]:
        """Yield the same records, and compare the first of each call with what it was charged."""
        for destination, item in records:
            if self._unmatched and item.content:
                self._compare(item.content)
            yield destination, item

    def findings(self) -> list[Finding]:
        """Return one for each call whose record comes to another amount than it was charged."""
        return self._findings

    def sums(self) -> dict[str, Any]:
        """Return the sums as JSON: by subject and counter the least and the most; and how many
        entries under budgets do not say what they were charged."""
        return {"charged": self._charged, "unknown": len(self._unknown)}

    def _add(self, entry: Mapping[str, Any], written_at: float) -> None:
        gateway_id = str(entry.get(CALLER[0]))
        try:
            rows = {_counter(row): _charge(row) for row in entry[BUDGETS] if row["per"] in PERS}
            call = _charged_call(entry, written_at, tuple(dict.fromkeys(rows.values())))
        except (UnreadableError, LookupError, TypeError, ValueError, AttributeError):
            self._unknown.add(gateway_id)
            return
        if not self._window.holds(call.at) or gateway_id in self._seen:
            return
        self._seen.add(gateway_id)
        for (subject, counter), charge in rows.items():
            amounts = self._charged.setdefault(subject, {}).setdefault(counter, [0, 0])
            amounts[0] += charge.least
            amounts[1] += charge.most
        if call.request_id and call.is_complete:
            self._unmatched[call.request_id] = call

    def _compare(self, record: Mapping[str, Any]) -> None:
        call = self._unmatched.pop(str(record.get("requestId")), None)
        if call is None or record.get("errorCode"):
            return
        bounds = _amounts(call, record)
        for charge in call.charges if bounds else ():
            if charge.unit == USD and not _has_todays_price(call):
                continue
            least, most = (amounts.of(charge.unit) for amounts in bounds)
            is_same = call.is_exact and charge.least == charge.most
            if charge.most < least or (is_same and charge.least > most):
                self._findings.append(_finding(call, charge, least, most))
                return


def _charged_call(
    entry: Mapping[str, Any], written_at: float, charges: tuple[Charge, ...]
) -> ChargedCall:
    """Raises UnreadableError, LookupError, TypeError, ValueError, AttributeError where the entry
    is of a version that does not say what it was charged, or is damaged."""
    last = [*calls(entry, written_at)][-1:]
    complete = bool(last) and last[0].expected == "record" and last[0].completed
    counted = all(isinstance(entry.get(f"{side}_tokens"), int) for side in ("input", "output"))
    ran = [a for a in entry.get("earlier_attempts", []) if _may_have_run(a)]
    return ChargedCall(
        at=written_at - fields.number(entry, "duration_ms") / 1000,
        request_id=fields.optional_text(entry, "bedrock_request_id"),
        model=sys.intern(fields.optional_text(entry, "model")),
        model_id=sys.intern(fields.optional_text(entry, "model_id")),
        who=last[0].who if last else "",
        charges=charges,
        price_version=sys.intern(fields.optional_text(entry, "budgets_price")),
        is_complete=complete,
        is_exact=complete and counted and not ran,
        is_cached=any(entry.get(name) for name in _CACHED_OF_ENTRY),
    )


def _may_have_run(attempt: Mapping[str, Any]) -> bool:
    is_sent = attempt.get("upstream_reached") is not False
    return is_sent and attempt.get("upstream_status", 200) == 200


def _counter(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the subject of a row, and the name of its counter."""
    subject = subject_of(row["scope"], row.get("name", ""))
    return subject, f"{row['unit']}#{row['per']}#{row['since']}"


def _charge(row: Mapping[str, Any]) -> Charge:
    least = int(row["charged"])
    return Charge(sys.intern(row["unit"]), least, int(row.get("charged_up_to", least)))


def _has_todays_price(call: ChargedCall) -> bool:
    """Return whether the call was charged by the same price as this code's: a new version may
    bring another, and a call of before is not measured by it."""
    model = catalog.find(call.model)
    return model is not None and spending.price_version(model) == call.price_version


def _amounts(call: ChargedCall, record: Mapping[str, Any]) -> tuple[Amounts, ...]:
    """Return the least and the most that the record's tokens come to; empty where it has none. A
    record does not tell how long the cache keeps what a call wrote: five minutes or an hour."""
    model, route = catalog.find(call.model), call.model_id.partition(".")[0]
    try:
        prompt, answer = fields.members(record, "input"), fields.members(record, "output")
        counts = [prompt.get("inputTokenCount"), answer.get("outputTokenCount")]
        cached = [prompt.get(name) for name in _CACHED]
        counts += [0 if c is None and not call.is_cached else c for c in cached]
    except UnreadableError:
        return ()
    tokens, output, read, written = (c if isinstance(c, int) else -1 for c in counts)
    if model is None or min(tokens, output, read, written) < 0:
        return ()
    usage = cost.Usage(input=tokens, output=output, cache_read=read)
    try:
        return tuple(
            spending.amounts(model, route, usage._replace(**{kind: written}))
            for kind in ("cache_write_5m", "cache_write_1h")
        )
    except catalog.NoProfile:
        return ()


def _finding(call: ChargedCall, charge: Charge, least: int, most: int) -> Finding:
    recorded = in_words(charge.unit, least)
    if most > least:
        recorded += f" to {in_words(charge.unit, most)}"
    charged = in_words(charge.unit, charge.most)
    return Finding(
        kind="budget_mismatch",
        request_id=call.request_id,
        at=datetime.fromtimestamp(call.at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
        model_id=call.model_id,
        who=call.who,
        detail=f"charged {charged} where the tokens of its record come to {recorded}",
    )


def in_words(unit: str, amount: int) -> str:
    """Return the amount with its unit, exact."""
    return f"${amount / MICRO:,.6f}" if unit == USD else f"{amount:,} tokens"
