"""The join, both ways: calls without a record, records without a call, and what else differs.

Here each entry and record becomes a row of a few fields and digests, without a body; one SQL
statement joins the rows (claude_bedrock/queries/reconciliation.sql).
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, cast

from claude_bedrock.queries.reconciliation_tables import (
    CALLER_SEPARATOR,
    DIRECT_CALLS,
    known_calls,
    reconciliation,
)
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.records.window import UnreadableError, Window
from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.calls import CALLER, Call, calls
from claude_bedrock.verification.finding import KINDS, Counts, Finding, Kind, Outcome
from claude_bedrock.verification.hours import iso_of
from claude_bedrock.verification.join_tables import JoinTables, join_tables
from claude_bedrock.verification.known_call import KnownCall
from claude_bedrock.verification.model_match import base_model_name, model_name
from claude_bedrock.verification.principals import Principals, principal
from claude_bedrock.verification.record_summary import (
    DIGEST_BYTES,
    Body,
    RecordSummary,
    body_digest,
    summarize_record,
)
from claude_bedrock.verification.session_match import caller_of, is_session_of

Destination = Literal["S3", "CloudWatch Logs"]
DESTINATIONS: tuple[Destination, ...] = ("S3", "CloudWatch Logs")
_AUDIT_LOG: Final = -1


class Lookups(NamedTuple):
    """What the join looks up while it runs.

    `stat`: S3's metadata of the object at an `s3://` path, None where there is none. `read_body`:
    the JSON in that object; it raises UnreadableError. `find_requests`: for each of these request
    ids of API Gateway, a sentence on what the API's access log says of it."""

    stat: Callable[[str], ObjectStat | None]
    read_body: Callable[[str], object]
    find_requests: Callable[[Collection[str]], Mapping[str, str]]


def reconcile(
    entries: Iterable[LogItem],
    records: Iterable[tuple[Destination, LogItem]],
    *,
    window: Window,
    bounds: AllowedRegions,
    principals: Principals,
    lookups: Lookups,
    compare: Callable[[Iterable[KnownCall]], None] | None = None,
) -> Outcome:
    """Reconcile the gateway's audit entries with Bedrock's records in `window`, and return the
    outcome. Both must be read further than the window, or what crosses its edge is missed. What
    cannot be read is a finding. `compare` takes each call that was read, of the window or not."""
    with join_tables() as tables:
        for entry in entries:
            _add_entry(tables, entry)
        for destination, record in records:
            _add_record(tables, destination, record, principals, lookups)
        if tables.is_empty:
            return _nothing_read(compare)
        # Without a gateway each record is its own call, so that one statement serves both kinds of
        # stage.
        if not principals.has_gateway:
            tables.execute(DIRECT_CALLS)
        _add_known(tables, bounds, principals)
        if compare is not None:
            compare(_known_calls(tables))
        statement = reconciliation(*window, has_gateway=principals.has_gateway)
        return _joined(tables, statement, lookups).outcome(lookups)


def _nothing_read(compare: Callable[[Iterable[KnownCall]], None] | None) -> Outcome:
    if compare is not None:
        compare(())
    return Outcome(Counts(), [])


class _Row(NamedTuple):
    """A row of the statement's result."""

    kind: str
    request_id: str
    at: float
    model_id: str
    who: str
    source: str
    detail: str
    called_by: str
    caller: str
    seq: int
    number: int


def _add_entry(tables: JoinTables, item: LogItem) -> None:
    try:
        made = list(calls(_content(item), item.at))
    except UnreadableError as error:
        _add_unreadable(tables, _AUDIT_LOG, item, str(error))
        return
    # A request that never reached Bedrock owes no record, and is counted all the same: the numbers
    # add up to all requests.
    if not made:
        tables.add("calls", ("", item.at, "", "without_bedrock", False, "", "", ""))
    for call in made:
        tables.add("calls", _call_fields(call))


def _call_fields(call: Call) -> tuple[Any, ...]:
    caller = CALLER_SEPARATOR.join(call.caller)
    about = (call.request_id, call.at, call.model_id, call.expected, call.completed)
    return (*about, call.profile_arn, caller, call.who)


def _add_record(
    tables: JoinTables,
    destination: Destination,
    item: LogItem,
    principals: Principals,
    lookups: Lookups,
) -> None:
    position = DESTINATIONS.index(destination)
    try:
        record = summarize_record(_content(item))
    except UnreadableError as error:
        _add_unreadable(tables, position, item, str(error))
        return
    tables.add("records", (position, *_record_fields(record, principals)))
    for path in filter(None, (record.input.path, record.output.path)):
        if stat := lookups.stat(path):
            tables.add("objects", (path, stat.size, stat.etag, stat.checksum))


def _record_fields(record: RecordSummary, principals: Principals) -> tuple[Any, ...]:
    tokens = [_token(record.input), _token(record.output)]
    digest = record.digest.hex()
    # One digest of all that both copies have to agree on: the statement compares digests, and no
    # prompt is in its tables.
    content = hashlib.blake2b("\n".join((digest, *tokens)).encode(), digest_size=DIGEST_BYTES)
    return (
        *(record.request_id, record.at, record.model_id, record.identity, record.answered_in),
        *(record.failed, bool(record.metadata)),
        CALLER_SEPARATOR.join(record.metadata.get(name, "") for name in CALLER),
        _session_fault(record, principals),
        *(content.hexdigest(), digest),
        *(tokens[0], record.input.path, tokens[1], record.output.path),
    )


def _token(body: Body) -> str:
    """Return what stands for a body in comparisons, empty where there is none; both destinations
    name its object alike."""
    if body.path:
        return f"object {body.path.rpartition('/')[2]}"
    return body.digest.hex()


def _session_fault(record: RecordSummary, principals: Principals) -> str:
    """Return how identity and metadata differ in who called; empty where they do not, or where one
    of them names no caller, as before there were sessions."""
    session = principals.session_name(record.identity)
    caller = caller_of(record.metadata)
    if not session or not caller or is_session_of(record.metadata, session):
        return ""
    return f"the record's session is {session}, and its metadata names {caller}"


def _add_unreadable(tables: JoinTables, position: int, item: LogItem, fault: str) -> None:
    """`fault` names a field, and quotes nothing."""
    request_id = (item.content or {}).get("requestId") if position != _AUDIT_LOG else ""
    if not isinstance(request_id, str):
        request_id = ""
    earliest = item.at if item.earliest is None else item.earliest
    about = (position, request_id, item.source, item.at, earliest, fault)
    tables.add("unreadable", about)


def _add_known(tables: JoinTables, bounds: AllowedRegions, principals: Principals) -> None:
    """Add what the catalog and the stage's settings say of the models, Regions and identities that
    were read."""
    for model_id in tables.distinct(
        "SELECT model_id FROM calls UNION SELECT model_id FROM records"
    ):
        names = (model_name(model_id), base_model_name(model_id))
        # A space on either side of each name keeps one Region from matching a part of another.
        regions = " ".join(("", *sorted(bounds.reach(model_id)), ""))
        about = (model_id, model_id.rpartition("/")[2], *names, regions.rstrip() and regions)
        tables.add("models", about)
    for region in tables.distinct("SELECT answered_in FROM records"):
        tables.add("regions", (region, bounds.is_resident(region)))
    for identity in tables.distinct("SELECT identity FROM records"):
        roles = (principals.is_gateway(identity), principals.may_call_directly(identity))
        tables.add("identities", (identity, *roles, principal(identity)))


class _Result:
    """The result as it arrives; of the findings of one kind and id the first counts."""

    def __init__(self, rows: Iterable[_Row]) -> None:
        self.counts: Counter[str] = Counter()
        self.direct_calls: dict[str, int] = {}
        self.unread_bodies: set[str] = set()
        self.findings: dict[tuple[str, str, str], _Row] = {}
        for row in rows:
            self._take(row)

    def _take(self, row: _Row) -> None:
        if row.kind in KINDS:
            self.findings.setdefault((row.kind, row.request_id, row.source), row)
        elif row.kind == "direct_calls":
            self.direct_calls[row.who] = row.number
        elif row.kind == "unread_body":
            self.unread_bodies.add(row.source)
        else:
            self.counts[row.kind] += int(row.number)

    def outcome(self, lookups: Lookups) -> Outcome:
        self.counts["allowed_direct_calls"] = sum(self.direct_calls.values())
        requests = self._requests(lookups)
        findings = [_finding(row, requests) for row in self.findings.values()]
        findings.sort(key=lambda finding: (finding.at, finding.request_id))
        return Outcome(Counts(**self.counts), findings, dict(sorted(self.direct_calls.items())))

    def _requests(self, lookups: Lookups) -> Mapping[str, str]:
        """Return what API Gateway's access log, a third witness, says of the requests that records
        of the gateway's own roles name, and whose audit entry is missing."""
        rows = (row for row in self.findings.values() if row.kind == "audit_entry_lost")
        ids = {claimed for row in rows if (claimed := _claimed_request(row))}
        return lookups.find_requests(ids) if ids else {}


def _known_calls(tables: JoinTables) -> Iterator[KnownCall]:
    for request_id, at, model_id, who, expected, has_record, caller in tables.rows(known_calls()):
        values = tuple(caller.split(CALLER_SEPARATOR)) if caller else ()
        yield KnownCall(request_id, at, model_id, who, expected, has_record, values)


def _joined(tables: JoinTables, statement: str, lookups: Lookups) -> _Result:
    """Return the result; where bodies have to be read for it, after reading them."""
    result = _Result(map(_Row._make, tables.rows(statement)))
    # Size and checksum settle nearly all large bodies, so the statement first runs without
    # fetching any.
    if not result.unread_bodies:
        return result
    for path in sorted(result.unread_bodies):
        try:
            digest = body_digest(lookups.read_body(path)).hex()
        except UnreadableError:
            digest = ""
        tables.add("bodies", (path, digest))
    return _Result(map(_Row._make, tables.rows(statement)))


def _finding(row: _Row, requests: Mapping[str, str]) -> Finding:
    return Finding(
        kind=cast("Kind", row.kind),
        request_id=row.request_id,
        at=iso_of(row.at),
        model_id=row.model_id,
        who=row.who,
        detail=_detail(row, requests),
        source=row.source,
    )


def _detail(row: _Row, requests: Mapping[str, str]) -> str:
    if row.kind == "caller_mismatch":
        return _differing(row)
    claimed = _claimed_request(row)
    note = ""
    if row.kind == "audit_entry_lost":
        note = requests.get(claimed) or f"no access log entry was read of {claimed}"
        note = note if claimed else "the record names no request of the gateway"
    elif row.kind == "bypassed_gateway" and claimed:
        note = f"claims to be the gateway's request {claimed}"
    return "; ".join(filter(None, (note, row.detail)))


def _claimed_request(row: _Row) -> str:
    """Return which request of the gateway's a record without a call names, which proves nothing but
    in a record of the gateway's own roles."""
    return row.caller.partition(CALLER_SEPARATOR)[0]


def _differing(row: _Row) -> str:
    callers = (row.called_by.split(CALLER_SEPARATOR), row.caller.split(CALLER_SEPARATOR))
    return "; ".join(
        f"{name} is {expected or 'nothing'} in the audit entry, "
        f"{recorded or 'nothing'} in the record"
        for name, expected, recorded in zip(CALLER, *callers, strict=True)
        if expected != recorded
    )


def _content(item: LogItem) -> Mapping[str, Any]:
    """Raises UnreadableError."""
    if item.content is None:
        raise UnreadableError(item.fault)
    return item.content
