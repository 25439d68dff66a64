"""The join, both ways: calls without a record, records without a call, and what else differs.

Holds a few fields and a digest per request id, and no body. Calls come first, then records in any
order, as they are read.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.window import UnreadableError, Window
from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.calls import CALLER, Call, calls
from claude_bedrock.verification.finding import Counts, Finding, Kind, Outcome
from claude_bedrock.verification.known_call import KnownCall
from claude_bedrock.verification.model_match import is_model_of
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
_ALL = (1 << len(DESTINATIONS)) - 1
_NO_BODY = bytes(DIGEST_BYTES)
_PARTS = ("the fields beside the bodies", "the prompt", "the completion")


class Lookups(NamedTuple):
    """What the join looks up while it runs.

    `is_stored`: whether an `s3://` path has its object. `are_identical`: whether the objects of two
    paths surely hold the same bytes, without reading them. `read_body`: the JSON in that object; it
    raises UnreadableError. `find_requests`: for each of these request ids of API Gateway, a
    sentence on what the API's access log says of it."""

    is_stored: Callable[[str], bool]
    are_identical: Callable[[str, str], bool]
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
    join = _Join(window, bounds, principals, lookups)
    for entry in entries:
        join.entry(entry)
    for destination, record in records:
        join.record(destination, record)
    if compare is not None:
        compare(join.known_calls())
    return join.outcome()


class _About(NamedTuple):
    request_id: str
    at: float
    model_id: str
    who: str
    source: str = ""


class _Stranger(NamedTuple):
    """A record without a call; `gateway_request_id` is what it says itself, and proves nothing but
    in a record of the gateway's own role."""

    about: _About
    gateway_request_id: str


class _Join:
    def __init__(
        self, window: Window, bounds: AllowedRegions, principals: Principals, lookups: Lookups
    ) -> None:
        self._window = window
        self._bounds = bounds
        self._principals = principals
        self._lookups = lookups
        self._calls: dict[str, Call] = {}
        self._nameless: dict[str, list[Call]] = {}  # by gateway_request_id
        self._strangers: dict[str, _Stranger] = {}
        self._allowed: dict[str, _About] = {}  # records of callers that may call directly
        self._seen: dict[str, int] = {}  # request id -> a bit for each destination
        self._contents: dict[str, bytes] = {}  # request id -> digests of its first record
        self._paths: dict[str, tuple[str, str]] = {}  # of those whose bodies lie elsewhere
        self._findings: dict[tuple[Kind, str, str], Finding] = {}
        self._young: set[str] = set()  # whose body may still come
        self._unreadable: dict[str, int] = {}  # request id -> a bit for each destination
        self._failed: set[str] = set()  # ids without a known status whose record has an error
        self._direct: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()

    def entry(self, item: LogItem) -> None:
        try:
            made = list(calls(_content(item), item.at))
        except UnreadableError as error:
            self._cannot_read(item, "audit entry", str(error))
            return
        if not made and self._window.holds(item.at):
            self._counted["answered_without_bedrock"] += 1
        for call in made:
            if call.request_id:
                self._calls[call.request_id] = call
            else:
                self._nameless.setdefault(call.caller[0], []).append(call)

    def record(self, destination: Destination, item: LogItem) -> None:
        try:
            record = summarize_record(_content(item))
        except UnreadableError as error:
            self._cannot_read_record(destination, item, str(error))
            return
        bit = 1 << DESTINATIONS.index(destination)
        mask = self._seen.get(record.request_id, 0)
        call = self._call_of(record)
        at = call.at if call else record.at
        self._seen[record.request_id] = mask | bit
        direct = call is None and self._principals.may_call_directly(record.identity)
        if call is None and not direct:
            claimed = record.metadata.get(CALLER[0], "")
            stranger = _Stranger(_of_record(record), claimed)
            self._strangers.setdefault(record.request_id, stranger)
        if direct:
            self._allowed.setdefault(record.request_id, _of_record(record))
        if not self._window.holds(at):
            return
        self._counted["records"] += not mask
        if (direct or not self._principals.has_gateway) and not mask:
            self._direct[principal(record.identity)] += 1
        if not mask & bit and not direct:
            self._judge(destination, record, call, at)
        same = self._compare(destination, record, call, is_second=bool(mask & bit))
        self._counted["duplicates"] += bool(mask & bit) and same

    def _call_of(self, record: RecordSummary) -> Call | None:
        """Return the record's call: by its id; else by the metadata, where a call's id was never
        told and the record is of the gateway's own role: metadata proves nothing, since any caller
        can write some. Each such call is good for one record."""
        known = self._calls.get(record.request_id)
        if known is not None or record.request_id in self._strangers:
            return known
        if not self._principals.has_gateway:
            self._calls[record.request_id] = direct = direct_call(record)
            return direct
        if not self._principals.is_gateway(record.identity):
            return None
        waiting = self._nameless.get(record.metadata.get(CALLER[0], ""), [])
        for index, call in enumerate(waiting):
            if call.caller == _caller(record):
                del waiting[index]
                self._calls[record.request_id] = named = call._replace(request_id=record.request_id)
                return named
        return None

    def _compare(
        self, destination: Destination, record: RecordSummary, call: Call | None, *, is_second: bool
    ) -> bool:
        """Return whether the record says the same as the first one of its id."""
        content = b"".join((record.digest, _token(record.input), _token(record.output)))
        paths = (record.input.path, record.output.path)
        first = self._contents.setdefault(record.request_id, content)
        first_paths = self._paths.get(record.request_id, ("", ""))
        if first == content and any(paths):
            first_paths = self._paths.setdefault(record.request_id, paths)
        if first == content and first_paths == paths:
            return True
        pairs = [("", ""), *zip(first_paths, paths, strict=True)]
        parts = [(_part(first, number), _part(content, number)) for number in range(len(_PARTS))]
        differing = [
            name
            for name, tokens, of_part in zip(_PARTS, parts, pairs, strict=True)
            if (tokens[0] != tokens[1] or _are_two(of_part))
            and (name == _PARTS[0] or not self._is_same_body(record.request_id, tokens, of_part))
        ]
        if differing:
            where = f"two records in {destination}" if is_second else " and ".join(DESTINATIONS)
            about = _of_call(call) if call else _of_record(record)
            self._find("content_mismatch", about, f"{where} differ in {', '.join(differing)}")
        return not differing

    def _is_same_body(
        self, request_id: str, tokens: tuple[bytes, bytes], paths: tuple[str, str]
    ) -> bool:
        """Of two bodies whose tokens differ, or that have an object each. One that is reported as
        missing, or whose object is not there, is not reported as different too."""
        if _NO_BODY in tokens and ("body_missing", request_id, "") in self._findings:
            return True
        if not all(self._lookups.is_stored(path) for path in paths if path):
            return True
        if _are_two(paths) and self._lookups.are_identical(*paths):
            return True
        try:
            first, second = (
                body_digest(self._lookups.read_body(path)) if path else token
                for token, path in zip(tokens, paths, strict=True)
            )
        except UnreadableError:
            return False
        return first == second

    def _judge(
        self, destination: Destination, record: RecordSummary, call: Call | None, at: float
    ) -> None:
        about = _of_call(call) if call else _of_record(record)
        if missing := self._missing_body(record, call, at):
            self._find("body_missing", about, f"{missing}, by the record in {destination}")
        if call and self._principals.has_gateway:
            self._judge_match(record, call, about)
        if detail := self._differing_witnesses(record):
            self._find("session_mismatch", about, detail)
        if not self._bounds.hold(about.model_id, record.answered_in):
            self._find("data_residency_violation", about, f"answered in {record.answered_in}")

    def _differing_witnesses(self, record: RecordSummary) -> str:
        """Return how identity and metadata differ in who called; empty where they do not, or where
        one of them names no caller, as before there were sessions."""
        session = self._principals.session_name(record.identity)
        caller = caller_of(record.metadata)
        if not session or not caller or is_session_of(record.metadata, session):
            return ""
        return f"the record's session is {session}, and its metadata names {caller}"

    def _judge_match(self, record: RecordSummary, call: Call, about: _About) -> None:
        if call.expected == "unknown" and record.failed:
            self._failed.add(record.request_id)
        if not _unread(call, record) and (differing := _differing(call, record)):
            self._find("caller_mismatch", about, differing)
        if not is_model_of(call, record.model_id):
            detail = f"the gateway called {call.model_id}, the record has {record.model_id}"
            self._find("model_mismatch", about, detail)
        if not self._principals.is_gateway(record.identity):
            detail = f"the record is of {record.identity or 'nobody'}, not of the gateway's role"
            self._find("identity_mismatch", about, detail)

    def _missing_body(self, record: RecordSummary, call: Call | None, at: float) -> str:
        """Return which body is missing: the prompt is due where a record is, the completion where
        the complete answer came."""
        due = call is not None and call.expected == "record"
        sides = {"prompt": record.input} if due or not record.failed else {}
        if due and call is not None and call.completed:
            sides["completion"] = record.output
        for name, body in sides.items():
            if not body.inline and not body.path:
                return f"no {name}"
            if self._absent(body):
                if self._window.too_young(at):
                    self._young.add(record.request_id)
                else:
                    return f"the object of the {name} is not there"
        return ""

    def _absent(self, body: Body) -> bool:
        return bool(body.path) and not self._lookups.is_stored(body.path)

    def _cannot_read_record(self, destination: Destination, item: LogItem, fault: str) -> None:
        request_id = (item.content or {}).get("requestId")
        if not isinstance(request_id, str):
            request_id = ""
        if request_id:
            bit = 1 << DESTINATIONS.index(destination)
            self._unreadable[request_id] = self._unreadable.get(request_id, 0) | bit
        self._cannot_read(item, f"record in {destination}", fault, request_id)

    def _cannot_read(self, item: LogItem, what: str, fault: str, request_id: str = "") -> None:
        """`fault` names a field, and quotes nothing."""
        call = self._calls.get(request_id)
        about = _of_call(call) if call else _About(request_id, item.at, "", "")
        inside = self._window.holds(call.at) if call else item.may_be_in(self._window)
        if inside:
            self._counted["unreadable"] += 1
            about = about._replace(source=item.source)
            self._find("unreadable_record", about, f"the {what} cannot be read: {fault}")

    def _find(self, kind: Kind, about: _About, detail: str) -> None:
        finding = Finding(
            kind=kind,
            request_id=about.request_id,
            at=_iso(about.at),
            model_id=about.model_id,
            who=about.who,
            detail=detail,
            source=about.source,
        )
        self._findings.setdefault((kind, about.request_id, about.source), finding)

    def known_calls(self) -> Iterator[KnownCall]:
        """Yield each call that an entry or a record is of."""
        recorded = self._seen.keys() | self._unreadable.keys()
        for call in self._all_calls():
            yield KnownCall(
                request_id=call.request_id,
                at=call.at,
                model_id=call.model_id,
                who=call.who,
                expected=call.expected,
                has_record=call.request_id in recorded,
                caller=call.caller,
            )
        for request_id in recorded - self._calls.keys():
            stranger = self._strangers.get(request_id)
            unread = _About(request_id, 0, "", "")  # a finding already, by its object
            about = stranger.about if stranger else self._allowed.get(request_id, unread)
            yield KnownCall(request_id, about.at, about.model_id, about.who, None, has_record=True)

    def _all_calls(self) -> list[Call]:
        nameless = (call for group in self._nameless.values() for call in group)
        return [*self._calls.values(), *nameless]

    def outcome(self) -> Outcome:
        for call in self._all_calls():
            if self._window.holds(call.at):
                self._counted["calls"] += 1
                self._counted[self._fate(call)] += 1
        self._judge_strangers()
        self._counted["allowed_direct_calls"] = self._direct.total()
        findings = sorted(
            self._findings.values(), key=lambda finding: (finding.at, finding.request_id)
        )
        return Outcome(Counts(**self._counted), findings, dict(sorted(self._direct.items())))

    def _fate(self, call: Call) -> str:
        """Return which of the counts a call falls into."""
        mask = self._seen.get(call.request_id, 0)
        if mask == _ALL:
            return "pending" if call.request_id in self._young else "matched"
        if call.expected in ("none", "refused") and self._principals.has_gateway:
            return "refused" if call.expected == "refused" else "not_loggable"
        if call.expected == "unknown" and (not mask or call.request_id in self._failed):
            return "unknown"
        if self._window.too_young(call.at):
            return "pending"
        if mask | self._unreadable.get(call.request_id, 0) == _ALL:
            return "unknown"  # the record that cannot be read is a finding
        self._find("missing_record", _of_call(call), _where_not(mask))
        return "not_logged"

    def _judge_strangers(self) -> None:
        lost = []
        for stranger in self._strangers.values():
            if not self._window.holds(stranger.about.at):
                continue
            if self._window.too_young(stranger.about.at):
                self._counted["records_pending"] += 1
            elif self._principals.is_gateway(stranger.about.who):
                lost.append(stranger)
            else:
                self._went_round(stranger)
        if lost:
            self._lost_entries(lost)

    def _lost_entries(self, lost: list[_Stranger]) -> None:
        """Report the records of the gateway's own role whose audit entry is missing, with API
        Gateway's access log as the third witness."""
        ids = {stranger.gateway_request_id for stranger in lost if stranger.gateway_request_id}
        requests = self._lookups.find_requests(ids) if ids else {}
        for stranger in lost:
            self._counted["audit_entries_lost"] += 1
            claimed = stranger.gateway_request_id
            details = [requests.get(claimed) or f"no access log entry was read of {claimed}"]
            if not claimed:
                details = ["the record names no request of the gateway"]
            self._find("audit_entry_lost", stranger.about, self._with_gaps(stranger, details))

    def _went_round(self, stranger: _Stranger) -> None:
        self._counted["unmatched_records"] += 1
        claimed = stranger.gateway_request_id
        details = [f"claims to be the gateway's request {claimed}"] if claimed else []
        self._find("bypassed_gateway", stranger.about, self._with_gaps(stranger, details))

    def _with_gaps(self, stranger: _Stranger, details: list[str]) -> str:
        mask = self._seen[stranger.about.request_id]
        return "; ".join([*details, *([] if mask == _ALL else [_where_not(mask)])])


def _content(item: LogItem) -> Mapping[str, Any]:
    """Raises UnreadableError."""
    if item.content is None:
        raise UnreadableError(item.fault)
    return item.content


def _of_call(call: Call) -> _About:
    source = "" if call.request_id else f"gateway request {call.caller[0]}"
    return _About(call.request_id, call.at, call.model_id, call.who, source)


def direct_call(record: RecordSummary) -> Call:
    """Return the call that a record of a stage without an endpoint stands for: its other copy, its
    prompt and its completion are due. AWS does not say what a record of a failed call holds."""
    return Call(
        request_id=record.request_id,
        at=record.at,
        model_id=record.model_id,
        expected="refused" if record.failed else "record",
        caller=("", "", "", "", "", record.identity),
        completed=not record.failed,
    )


def _of_record(record: RecordSummary) -> _About:
    return _About(record.request_id, record.at, record.model_id, record.identity)


def _where_not(mask: int) -> str:
    absent = [name for bit, name in enumerate(DESTINATIONS) if not mask & 1 << bit]
    return f"no record in {' nor in '.join(absent)}"


def _token(body: Body) -> bytes:
    """Return what stands for a body in comparisons; both destinations name its object alike."""
    if body.path:
        return body_digest(body.path.rpartition("/")[2])
    return body.digest or _NO_BODY


def _are_two(paths: tuple[str, str]) -> bool:
    """Return whether these are two objects; either path may be empty."""
    return all(paths) and paths[0] != paths[1]


def _part(content: bytes, number: int) -> bytes:
    return content[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]


def _caller(record: RecordSummary) -> tuple[str, ...]:
    return tuple(record.metadata.get(name, "") for name in CALLER)


def _unread(call: Call, record: RecordSummary) -> bool:
    """Return whether Bedrock refused a body that it could not read: of Converse the metadata is in
    it."""
    return call.expected != "record" and record.failed and not record.metadata


def _differing(call: Call, record: RecordSummary) -> str:
    pairs = zip(CALLER, call.caller, _caller(record), strict=True)
    return "; ".join(
        f"{name} is {expected or 'nothing'} in the audit entry, "
        f"{recorded or 'nothing'} in the record"
        for name, expected, recorded in pairs
        if expected != recorded
    )


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
