"""The join, both ways: calls without a record, records without a call, and what else differs.

Holds a few fields per request id and no body. Calls come first, then records in any order, as they
are read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from reconciliation.bounds import Bounds
from reconciliation.calls import CALLER, Call, calls
from reconciliation.window import Window
from reconciliation.written import Body, Written, written

Kind = Literal[
    "called, not logged",
    "logged, not called",
    "body missing",
    "caller differs",
    "outside the residency",
]
Destination = Literal["S3", "CloudWatch Logs"]
DESTINATIONS: tuple[Destination, ...] = ("S3", "CloudWatch Logs")
_ALL = (1 << len(DESTINATIONS)) - 1


class Finding(NamedTuple):
    """`at` is ISO 8601 in UTC; `who` a key's name, or an ARN; `detail` never what was said."""

    kind: Kind
    request_id: str
    at: str
    model_id: str
    who: str
    detail: str


class Counts(NamedTuple):
    """How many of what the window holds; `calls` is the sum of the five below it."""

    calls: int = 0
    matched: int = 0
    not_logged: int = 0
    pending: int = 0
    unknown: int = 0  # refused by Bedrock or answer lost, and no record: none may be due
    not_expected: int = 0  # by an operation that Bedrock does not log
    not_asked: int = 0  # requests that were answered without Bedrock
    records: int = 0
    not_called: int = 0  # records without a call
    records_pending: int = 0  # records without a call, whose audit line may still come
    duplicates: int = 0  # the same record once more in the same destination


class Outcome(NamedTuple):
    counts: Counts
    findings: list[Finding]


def reconcile(
    lines: Iterable[tuple[float, Mapping[str, Any]]],
    records: Iterable[tuple[Destination, Mapping[str, Any]]],
    *,
    window: Window,
    bounds: Bounds,
    stored: Callable[[str], bool],
) -> Outcome:
    """What `window` holds. Audit lines come with the moment they were written (seconds since 1970).
    Both sides must be read further than the window, or what crosses its edge is missed.

    `stored` says whether an `s3://` path has its object. Raises UnreadableError."""
    join = _Join(window, bounds, stored)
    for at, line in lines:
        join.line(at, line)
    for destination, record in records:
        join.record(destination, written(record))
    return join.outcome()


class _About(NamedTuple):
    request_id: str
    at: float
    model_id: str
    who: str


class _Stranger(NamedTuple):
    """A record without a call; `gateway_request_id` is what it says itself, and proves nothing."""

    about: _About
    gateway_request_id: str


class _Join:
    def __init__(self, window: Window, bounds: Bounds, stored: Callable[[str], bool]) -> None:
        self._window = window
        self._bounds = bounds
        self._stored = stored
        self._calls: dict[str, Call] = {}
        self._nameless: dict[str, list[Call]] = {}  # by gateway_request_id
        self._strangers: dict[str, _Stranger] = {}
        self._seen: dict[str, int] = {}  # request id -> a bit for each destination
        self._found: dict[tuple[Kind, str], Finding] = {}
        self._young: set[str] = set()  # whose body may still come
        self._counted: Counter[str] = Counter()

    def line(self, at: float, line: Mapping[str, Any]) -> None:
        made = list(calls(line, at))
        if not made and self._window.holds(at):
            self._counted["not_asked"] += 1
        for call in made:
            if call.request_id:
                self._calls[call.request_id] = call
            else:
                self._nameless.setdefault(call.caller[0], []).append(call)

    def record(self, destination: Destination, found: Written) -> None:
        bit = 1 << DESTINATIONS.index(destination)
        mask = self._seen.get(found.request_id, 0)
        call = self._call_of(found)
        at = call.at if call else found.at
        if self._window.holds(at):
            self._counted["duplicates"] += bool(mask & bit)
            self._counted["records"] += not mask
        self._seen[found.request_id] = mask | bit
        if call is None:
            claimed = found.metadata.get(CALLER[0], "")
            stranger = _Stranger(_of_record(found), claimed)
            self._strangers.setdefault(found.request_id, stranger)
        if self._window.holds(at) and not mask & bit:
            self._judge(destination, found, call, at)

    def _call_of(self, found: Written) -> Call | None:
        """By its id; else by the metadata, where a call's id was never told. Each such call is good
        for one record: its metadata proves nothing, since any caller can write some."""
        known = self._calls.get(found.request_id)
        if known is not None or found.request_id in self._strangers:
            return known
        waiting = self._nameless.get(found.metadata.get(CALLER[0], ""), [])
        for place, call in enumerate(waiting):
            if call.caller == _caller(found):
                del waiting[place]
                self._calls[found.request_id] = named = call._replace(request_id=found.request_id)
                return named
        return None

    def _judge(
        self, destination: Destination, found: Written, call: Call | None, at: float
    ) -> None:
        about = _of_call(call) if call else _of_record(found)
        if missing := self._missing_body(found, call, at):
            self._find("body missing", about, f"{missing}, by the record in {destination}")
        if call and not _unread(call, found) and (differing := _differing(call, found)):
            self._find("caller differs", about, differing)
        if not self._bounds.hold(about.model_id, found.answered_in):
            self._find("outside the residency", about, f"answered in {found.answered_in}")

    def _missing_body(self, found: Written, call: Call | None, at: float) -> str:
        """The prompt is due where Bedrock took the call, the completion where it was whole too."""
        taken = call is not None and call.expected == "record"
        sides = {"prompt": found.input} if taken or not found.failed else {}
        if taken and not found.failed:
            sides["completion"] = found.output
        for name, body in sides.items():
            if not body.inline and not body.path:
                return f"no {name}"
            if self._absent(body):
                if self._window.too_young(at):
                    self._young.add(found.request_id)
                else:
                    return f"the object of the {name} is not there"
        return ""

    def _absent(self, body: Body) -> bool:
        return bool(body.path) and not self._stored(body.path)

    def _find(self, kind: Kind, about: "_About", detail: str) -> None:
        request_id, at, model_id, who = about
        found = Finding(kind, request_id, _iso(at), model_id, who, detail)
        self._found.setdefault((kind, request_id), found)

    def outcome(self) -> Outcome:
        for call in [*self._calls.values(), *(c for each in self._nameless.values() for c in each)]:
            if self._window.holds(call.at):
                self._counted["calls"] += 1
                self._counted[self._fate(call)] += 1
        for stranger in self._strangers.values():
            if self._window.holds(stranger.about.at):
                self._went_round(stranger)
        findings = sorted(self._found.values(), key=lambda each: (each.at, each.request_id))
        return Outcome(Counts(**self._counted), findings)

    def _fate(self, call: Call) -> str:
        """The count that a call belongs to; a finding is noted where a record is due."""
        mask = self._seen.get(call.request_id, 0) if call.request_id else 0
        if mask == _ALL:
            return "pending" if call.request_id in self._young else "matched"
        if not mask and call.expected != "record":
            return "unknown" if call.expected == "unknown" else "not_expected"
        if self._window.too_young(call.at):
            return "pending"
        self._find("called, not logged", _of_call(call), _where_not(mask))
        return "not_logged"

    def _went_round(self, stranger: _Stranger) -> None:
        if self._window.too_young(stranger.about.at):
            self._counted["records_pending"] += 1
            return
        self._counted["not_called"] += 1
        mask, claimed = self._seen[stranger.about.request_id], stranger.gateway_request_id
        details = [f"claims to be the gateway's request {claimed}"] if claimed else []
        details += [] if mask == _ALL else [_where_not(mask)]
        self._find("logged, not called", stranger.about, "; ".join(details))


def _of_call(call: Call) -> _About:
    return _About(call.request_id, call.at, call.model_id, call.who)


def _of_record(found: Written) -> _About:
    return _About(found.request_id, found.at, found.model_id, found.identity)


def _where_not(mask: int) -> str:
    absent = [name for bit, name in enumerate(DESTINATIONS) if not mask & 1 << bit]
    return f"no record in {' nor in '.join(absent)}"


def _caller(found: Written) -> tuple[str, ...]:
    return tuple(found.metadata.get(name, "") for name in CALLER)


def _unread(call: Call, found: Written) -> bool:
    """Whether Bedrock refused a body that it could not read: of Converse the metadata is in it."""
    return call.expected == "unknown" and found.failed and not found.metadata


def _differing(call: Call, found: Written) -> str:
    pairs = zip(CALLER, call.caller, _caller(found), strict=True)
    return "; ".join(
        f"{name} is {ours or 'nothing'} in the audit line, {theirs or 'nothing'} in the record"
        for name, ours, theirs in pairs
        if ours != theirs
    )


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
