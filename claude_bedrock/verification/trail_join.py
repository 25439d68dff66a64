"""The comparison of CloudTrail's events with what audit log entries and records know of calls.

Three witnesses: the gateway, Bedrock, CloudTrail. Each combination has one answer, which
docs/operations.md lists. A trail that lacks events cannot tell, and is no proof of a lost call.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from claude_bedrock.records.trail_event import TrailEvent
from claude_bedrock.records.trail_files import UnreadableFile
from claude_bedrock.records.window import Window
from claude_bedrock.verification.calls import CALLER
from claude_bedrock.verification.finding import Finding, Kind, Outcome
from claude_bedrock.verification.hours import iso_of
from claude_bedrock.verification.known_call import KnownCall
from claude_bedrock.verification.period import NEAR
from claude_bedrock.verification.principals import Principals
from claude_bedrock.verification.session_match import is_session_of

MOST_NAMED: Final = 100
"""So many calls without an event are findings of their own; one more says how many there are."""
_CONFIRMED: Final[frozenset[Kind]] = frozenset(
    {"missing_record", "audit_entry_lost", "bypassed_gateway"}
)
"""Findings of the join in which CloudTrail's word matters."""


class TrailScope(NamedTuple):
    """The stage's own account and Region; in `stage_regions` of the account another stage verifies
    calls."""

    account: str
    region: str
    stage_regions: frozenset[str] = frozenset()

    def is_own(self, event: TrailEvent) -> bool:
        return (event.account, event.region) == (self.account, self.region)

    def is_of_another_stage(self, event: TrailEvent) -> bool:
        return event.account == self.account and event.region in self.stage_regions


class TrailCounts(NamedTuple):
    """How many of what the window holds. `due`: calls with a record, or that Bedrock answered by
    the audit log entry; each is `witnessed`, `unwitnessed` or `pending`. The others count events:
    of calls that Bedrock refused, of calls in Regions of other stages, of those whose record may
    still come, and of those that became findings. `unreadable` counts files, and events in them, of
    any time."""

    due: int = 0
    witnessed: int = 0
    unwitnessed: int = 0
    pending: int = 0
    events: int = 0
    refused: int = 0
    of_other_stages: int = 0
    events_pending: int = 0
    unrecorded: int = 0
    lost: int = 0
    outside: int = 0
    unreadable: int = 0


class TrailJoin:
    """Takes events, then the calls that are known otherwise; `findings` and `counts` are what comes
    of it. Holds an event for each call of the window."""

    def __init__(self, window: Window, scope: TrailScope, principals: Principals) -> None:
        self._window = window
        self._scope = scope
        self._principals = principals
        self._events: dict[str, TrailEvent] = {}
        self._confirmed: set[str] = set()  # request ids of calls of the window with an event
        self._outside: dict[tuple[str, ...], list[TrailEvent]] = {}
        self._is_refused = False
        self._numbers = dict.fromkeys(TrailCounts._fields, 0)
        self.findings: list[Finding] = []

    @property
    def counts(self) -> TrailCounts:
        return TrailCounts(**self._numbers)

    def take(self, item: TrailEvent | UnreadableFile) -> None:
        """Take an event; CloudTrail may deliver one twice."""
        if isinstance(item, UnreadableFile):
            self._numbers["unreadable"] += 1
            self._report_incomplete(f"a file cannot be read: {item.fault}", item.source)
        elif item.request_id not in self._events:
            self._numbers["events"] += self._window.holds(item.at)
            self._numbers["refused"] += self._window.holds(item.at) and bool(item.error_code)
            if item.request_id:
                self._events[item.request_id] = item

    def refuse(self, because: str) -> None:
        """Report that the trail cannot be read, and why."""
        self._is_refused = True
        self._numbers["unreadable"] += 1
        self._report_incomplete(because, f"the trail of {iso_of(self._window.since)}")

    def judge(self, calls: Iterable[KnownCall]) -> None:
        """Compare each call that is known with its event, then the events that are left."""
        without: list[KnownCall] = []
        nameless: list[KnownCall] = []
        for call in calls:
            event = self._events.pop(call.request_id, None) if call.request_id else None
            if not call.request_id:
                nameless.append(call)
            if self._window.holds(call.at):
                without += self._without_event(call, event)
        if not self._is_refused:
            self._report_without_event(without)
        # What is left are events of calls that neither an entry nor a record knows.
        for event in self._events.values():
            if self._window.holds(event.at) and not event.error_code:
                self._judge_unknown(event, nameless)
        self._report_outside()

    def merge(self, outcome: Outcome) -> Outcome:
        """Return the outcome with these findings, and with CloudTrail's word in the others."""
        confirmed = [
            finding._replace(detail=f"{finding.detail}; CloudTrail has its event")
            if finding.kind in _CONFIRMED and finding.request_id in self._confirmed
            else finding
            for finding in outcome.findings
        ]
        findings = sorted(
            [*confirmed, *self.findings], key=lambda finding: (finding.at, finding.request_id)
        )
        return outcome._replace(findings=findings)

    def _without_event(self, call: KnownCall, event: TrailEvent | None) -> Iterator[KnownCall]:
        """Count a call of the window, and yield it where its event is missing."""
        is_due = bool(call.request_id) and (call.has_record or call.expected == "record")
        self._numbers["due"] += is_due
        if event is not None:
            self._numbers["witnessed"] += is_due
            self._confirmed.add(call.request_id)
            self._judge_unrecorded(call, event)
        elif is_due and self._window.too_young(call.at):
            self._numbers["pending"] += 1
        elif is_due:
            self._numbers["unwitnessed"] += 1
            yield call

    def _judge_unrecorded(self, call: KnownCall, event: TrailEvent) -> None:
        """Report a call that Bedrock answered by CloudTrail alone. Where the entry says so too, the
        record's absence is a finding already."""
        is_reported = call.has_record or call.expected == "record"
        if is_reported or event.error_code or self._window.too_young(event.at):
            return
        detail = "the audit log entry has no answer of Bedrock"
        self._report_event("unrecorded_call", event, detail, who=call.who)

    def _report_without_event(self, without: Sequence[KnownCall]) -> None:
        """Report each call without an event; where not one call has one, the trail once."""
        source = f"the trail of {iso_of(self._window.since)}"
        # A trail without a single event is set up wrongly, or late: that says nothing of the calls,
        # and one finding says it better than one for each of them.
        if len(without) > 1 and not self._numbers["witnessed"]:
            self._report_incomplete(
                f"CloudTrail has not one event of {len(without):,} calls: the trail lacks "
                "Bedrock's management events, is late, or its files are in another place",
                source,
            )
            return
        for call in without[:MOST_NAMED]:
            self.findings.append(
                Finding(
                    kind="trail_incomplete",
                    request_id=call.request_id,
                    at=iso_of(call.at),
                    model_id=call.model_id,
                    who=call.who,
                    detail="CloudTrail has no event of this call",
                )
            )
        if more := len(without[MOST_NAMED:]):
            self._report_incomplete(f"CloudTrail has no event of {more:,} more calls", source)

    def _judge_unknown(self, event: TrailEvent, nameless: list[KnownCall]) -> None:
        """Judge an event of the window whose request id neither an entry nor a record has."""
        # The other stage verifies its Region by itself: a finding here would be one too many.
        if self._scope.is_of_another_stage(event):
            self._numbers["of_other_stages"] += 1
        elif not self._scope.is_own(event):
            hour = iso_of(event.at // 3600 * 3600)
            group = (event.account, event.region, event.principal, event.model_id, hour)
            self._outside.setdefault(group, []).append(event)
        elif self._window.too_young(event.at):
            self._numbers["events_pending"] += 1
        elif not self._principals.is_gateway(event.principal):
            without = "audit log entry" if self._principals.has_gateway else "record"
            self._report_event("unrecorded_call", event, f"no {without} has it")
        # A connection may break before Bedrock has told its request id. The gateway then has an
        # entry of the call, and it is a lesser fault than a call without any.
        elif self._take_nameless(event, nameless):
            detail = "an audit log entry of the caller has no request id of Bedrock"
            self._report_event("unrecorded_call", event, detail)
        else:
            self._report_event("lost_call", event, "neither an audit log entry nor a record has it")

    def _take_nameless(self, event: TrailEvent, nameless: list[KnownCall]) -> bool:
        """Return whether the call may be one whose id Bedrock never told the gateway; each of these
        is good for one event."""
        session = self._principals.session_name(event.principal)
        for index, call in enumerate(nameless):
            is_near = abs(call.at - event.at) <= NEAR.total_seconds()
            metadata = dict(zip(CALLER, call.caller, strict=True))
            if is_near and (not session or is_session_of(metadata, session)):
                del nameless[index]
                return True
        return False

    def _report_outside(self) -> None:
        """Report calls in Regions and accounts without a stage: once for each principal, model and
        hour, however many they are. `source` names that hour, so that neither a late event nor a
        longer window gives the finding another id."""
        for group, events in sorted(self._outside.items()):
            account, region, principal, model_id, hour = group
            first = min(events, key=lambda event: (event.at, event.request_id))
            where = region if account == self._scope.account else f"{region} of account {account}"
            calls = "1 call" if len(events) == 1 else f"{len(events):,} calls"
            self._numbers["outside"] += len(events)
            self.findings.append(
                Finding(
                    kind="call_outside_stage",
                    request_id=first.request_id,
                    at=iso_of(first.at),
                    model_id=model_id,
                    who=principal,
                    detail=f"{calls} in {where}, by {', '.join(_operations(events))}",
                    source=f"calls of {model_id} by {principal} in {region} of {account}, {hour}",
                )
            )

    def _report_event(self, kind: Kind, event: TrailEvent, detail: str, who: str = "") -> None:
        self._numbers["lost" if kind == "lost_call" else "unrecorded"] += 1
        unlogged = "" if event.is_recorded_operation else ", which Bedrock does not log"
        self.findings.append(
            Finding(
                kind=kind,
                request_id=event.request_id,
                at=iso_of(event.at),
                model_id=event.model_id,
                who=who or event.principal,
                detail=f"{detail}; CloudTrail has it as {event.operation}{unlogged}",
            )
        )

    def _report_incomplete(self, detail: str, source: str) -> None:
        since = iso_of(self._window.since)
        self.findings.append(Finding("trail_incomplete", "", since, "", "", detail, source))


def _operations(events: Iterable[TrailEvent]) -> list[str]:
    return sorted({event.operation for event in events})
