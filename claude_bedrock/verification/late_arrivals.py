"""Which sealed findings are settled a day later: those whose missing half is there by then.

That a finding is gone proves nothing. Where audit log entries, records or CloudTrail's files were
deleted since, a later run finds nothing either.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from claude_bedrock.verification.calls import CALLER
from claude_bedrock.verification.finding import Finding, Kind
from claude_bedrock.verification.known_call import KnownCall

_REQUEST: Final = CALLER.index("gateway_request_id")
_UNNAMED: Final = "gateway request "
"""How the source of a finding begins that has no request id of Bedrock's."""
_WITHOUT_ENTRY: Final[frozenset[Kind]] = frozenset({"bypassed_gateway", "audit_entry_lost"})


def _has_entry(call: KnownCall) -> bool:
    return call.expected is not None


def _is_complete(call: KnownCall) -> bool:
    return _has_entry(call) and call.has_record


def _has_record(call: KnownCall) -> bool:
    return call.has_record


def _is_known(call: KnownCall) -> bool:
    return _has_entry(call) or call.has_record


def _is_due(call: KnownCall) -> bool:
    return call.has_record or call.expected == "record"


_SHOWS: Final[Mapping[str, Callable[[KnownCall], bool]]] = MappingProxyType(
    {
        "missing_record": _is_complete,
        "bypassed_gateway": _has_entry,
        "audit_entry_lost": _has_entry,
        "body_missing": _has_record,
        "unrecorded_call": _has_record,
        "lost_call": _is_known,
        "trail_incomplete": _is_due,
    }
)
"""What a call has to have by now for a finding of the kind to be settled, beside that it is not
found again. Findings of other kinds are settled by nothing that comes late."""


class LateArrivals:
    """Takes the calls that a later run knows, and keeps those of the sealed findings `then`, which
    are data by the names of `Finding`."""

    def __init__(self, then: Iterable[Mapping[str, Any]]) -> None:
        self._then = [finding for finding in then if finding["kind"] in _SHOWS]
        self._awaited = {name for finding in self._then if (name := _name(finding))}
        self._calls: dict[str, list[KnownCall]] = {}

    def watch(self, calls: Iterable[KnownCall]) -> Iterator[KnownCall]:
        """Yield the same calls."""
        for call in calls:
            request = f"{_UNNAMED}{call.caller[_REQUEST]}" if call.caller else ""
            for name in self._awaited.intersection((call.request_id, request)):
                self._calls.setdefault(name, []).append(call)
            yield call

    @property
    def is_empty(self) -> bool:
        """Whether nothing could be settled."""
        return not self._then

    def settled(self, now: Sequence[Finding], *, has_trail: bool) -> Iterator[Mapping[str, Any]]:
        """Yield those of the sealed findings that are settled; `now` is what the later run found,
        and `has_trail` whether it read CloudTrail's files."""
        ids = {finding.id for finding in now}
        kinds: dict[str, set[Kind]] = {}
        for finding in now:
            kinds.setdefault(finding.request_id, set()).add(finding.kind)
        # A trail that could not be read today shows as little of gaps as one that has none.
        is_trail_complete = has_trail and "trail_incomplete" not in kinds.get("", ())
        for sealed in self._then:
            if sealed["id"] not in ids and (
                is_trail_complete or sealed["kind"] != "trail_incomplete"
            ):
                yield from [sealed] if self._is_settled(sealed, kinds) else []

    def _is_settled(self, finding: Mapping[str, Any], kinds: Mapping[str, set[Kind]]) -> bool:
        kind, name = finding["kind"], _name(finding)
        if not name:  # of the trail as a whole
            return True
        calls = [call for call in self._calls.get(name, ()) if _SHOWS[kind](call)]
        others = {other for call in calls for other in kinds.get(call.request_id, ())}
        if kind == "body_missing":  # of a call without an entry it is not known what is due
            return any(_has_entry(call) for call in calls) or bool(others & _WITHOUT_ENTRY)
        return bool(calls) and "unreadable_record" not in others


def _name(finding: Mapping[str, Any]) -> str:
    """Return by what a call of the finding is known; empty for one about no single call."""
    request_id, source = str(finding["request_id"]), str(finding.get("source", ""))
    return request_id or (source if source.startswith(_UNNAMED) else "")
