"""Whether a soak's three counts agree: the callers', the audit lines', the upstream's own; and
what the reconciliation finds in the records."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from claude_bedrock.budgets.budget import UNITS
from claude_bedrock.budgets.item import reservations
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.window import Window
from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.budget_charges import BudgetCharges
from claude_bedrock.verification.finding import Outcome
from claude_bedrock.verification.principals import Principals
from claude_bedrock.verification.reconciliation import Lookups, reconcile
from tools.load.soak.bedrock import CALLER_ROLE, GATEWAY_ROLE, REGION
from tools.load.soak.callers import Ended
from tools.load.soak.endpoint import MODELS
from tools.load.soak.fake_storage import FakeStorage

Line = Mapping[str, Any]


class Account(NamedTuple):
    """The requests of Bedrock by the audit lines (`requested`) and by its own count (`upstream`).
    `mistakes` is empty where everything agrees."""

    calls: int
    lines: int
    requested: int
    upstream: int
    verified: Outcome
    mistakes: list[str]


def account(ended: list[Ended], storage: FakeStorage, since: datetime) -> Account:
    """Of all calls that were made since `since` (UTC); nothing may still be under way."""
    written = list(storage.lines())
    lines, upstream = [line for _, line in written], storage.upstream()
    begin, now = since - timedelta(minutes=1), datetime.now(UTC) + timedelta(minutes=1)
    window = Window(begin.timestamp(), now.timestamp(), now.timestamp())
    charges = BudgetCharges(window)
    verified = reconcile(
        charges.entries(LogItem(str(storage.audit_lines), at, line) for at, line in written),
        charges.records(storage.records(begin, now)),
        window=window,
        bounds=AllowedRegions(REGION, None, ("global",), MODELS),
        principals=Principals(GATEWAY_ROLE, frozenset(), CALLER_ROLE),
        lookups=Lookups(storage.stat, storage.read_body, _no_requests),
    )
    requested = [bedrock_id for line in lines for bedrock_id in _bedrock_ids(line)]
    mistakes = [
        *_of_lines(ended, lines),
        *_of_upstream(requested, upstream),
        *_of_records(verified, ended),
        *_of_budgets(charges, storage),
    ]
    return Account(len(ended), len(lines), len(requested), len(upstream), verified, mistakes)


def _no_requests(ids: Collection[str]) -> Mapping[str, str]:
    return dict.fromkeys(ids, "a soak has no access log")


def _bedrock_ids(line: Line) -> Iterator[str]:
    """Yield the id of each request of Bedrock that the line tells of, empty where none was told."""
    if "model_id" in line:
        yield from (attempt["bedrock_request_id"] for attempt in line.get("earlier_attempts", ()))
        yield line.get("bedrock_request_id", "")


def _of_lines(ended: Iterable[Ended], lines: list[Line]) -> Iterator[str]:
    """Every call has one line, which says what its caller was told."""
    calls_by_id = {call.gateway_id: call for call in ended}
    counted = Counter(line["gateway_request_id"] for line in lines)
    yield from (
        f"no audit line of {calls_by_id[key]}" for key in calls_by_id.keys() - counted.keys()
    )
    yield from (
        f"audit log entry without a call: {key}" for key in counted.keys() - calls_by_id.keys()
    )
    yield from (
        f"{n} audit lines of {calls_by_id.get(gateway_id)}"
        for gateway_id, n in counted.items()
        if n > 1
    )
    for line in lines:
        call = calls_by_id.get(line["gateway_request_id"])
        reported = line["status"], line.get("bedrock_request_id") or line["gateway_request_id"]
        if call is not None and reported != (call.status, call.request_id):
            yield f"the audit line says {reported} of {call}"


def _of_upstream(requested: list[str], upstream: list[str]) -> Iterator[str]:
    """Bedrock has counted each request that a line tells of, and no other."""
    if len(requested) != len(upstream):
        counts = f"{len(requested)} requests of Bedrock by the audit lines"
        yield f"{counts}, {len(upstream)} by its count"
    differing = Counter(filter(None, requested))
    differing.subtract(filter(None, upstream))
    for request_id, surplus in differing.items():
        if surplus:
            yield f"request {request_id}: {surplus:+d} in the audit lines beside Bedrock's count"


def _of_budgets(charges: BudgetCharges, storage: FakeStorage) -> Iterator[str]:
    """Yield each call whose record comes to another amount than it was charged, each counter of the
    table that does not hold the sum of its calls, and each reservation that is left."""
    yield from (str(finding) for finding in charges.findings())
    sums, items = charges.sums(), json.loads(storage.items.read_text())
    if sums["unknown"]:
        yield f"{sums['unknown']} audit lines do not say what their calls were charged"
    held = {
        subject: {
            name: [int(value["N"])] * 2
            for name, value in content.items()
            if name.partition("#")[0] in UNITS
        }
        for subject, content in items.items()
    }
    if held != sums["charged"]:
        yield f"the table holds {held}, and its calls were charged {sums['charged']}"
    left = [call_id for content in items.values() for call_id, *_ in reservations(content)]
    yield from (f"the reservation of {call_id} is left" for call_id in left)


def _of_records(verified: Outcome, ended: Iterable[Ended]) -> Iterator[str]:
    """Of those that were due twice, one more in each of the two destinations."""
    counts, duplicates = verified.counts, 2 * sum(call.is_duplicate for call in ended)
    yield from (str(finding) for finding in verified.findings)
    if counts.duplicates != duplicates or counts.pending or counts.records_pending:
        yield f"{duplicates} records are due twice; twice, or not judged: {counts}"
    if counts.calls != counts.matched + counts.unknown + counts.refused + counts.not_loggable:
        yield f"calls whose fate is none of those that are due: {counts}"
