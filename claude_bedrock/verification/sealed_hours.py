"""The sum of a window's sealed hours: counts, and each finding with what became of it. Nothing is
joined again, so it does not matter which records are still kept."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from claude_bedrock.verification.evidence_bucket import SealedFile
from claude_bedrock.verification.finding import (
    KINDS,
    Counts,
    Finding,
    Kind,
    Outcome,
)
from claude_bedrock.verification.hours import Span
from claude_bedrock.verification.run import ANSWERED_IN
from claude_bedrock.verification.trail_join import TrailCounts

_PUT_RIGHT: Final[Mapping[Kind, Mapping[str, int]]] = {
    "missing_record": {"not_logged": -1, "matched": 1},
    "bypassed_gateway": {"unmatched_records": -1, "calls": 1, "matched": 1},
    "audit_entry_lost": {"audit_entries_lost": -1, "calls": 1, "matched": 1},
}
"""What changes in the counts of an hour when a finding of it was settled."""
_CAME_LATE: Final[Mapping[Kind, Mapping[str, int]]] = {
    "missing_record": {"not_logged": 1, "matched": -1},
    "bypassed_gateway": {"unmatched_records": 1},
    "audit_entry_lost": {"audit_entries_lost": 1},
}
"""What changes when the second look has a finding that the hour did not have."""


class SealedSum(NamedTuple):
    """`outcome` has all findings but those that were settled late, which are in `settled`.
    `has_gateway` is whether every hour was verified by a gateway's audit entries. `trail` has the
    sums of what CloudTrail showed, by the names of `TrailCounts`, in how many files (`files`) of
    evidence it has a part, and for how many of these (`without_logs`) no log file of it was there;
    empty where it has none. `answered_in` is how many records name each
    Region as the one that answered, "" where it is not known."""

    outcome: Outcome
    settled: tuple[Finding, ...]
    has_gateway: bool = True
    trail: Mapping[str, int] = MappingProxyType({})
    answered_in: Mapping[str, int] = MappingProxyType({})


def sum_hours(files: Iterable[SealedFile], window: Span) -> SealedSum:
    """Of the files of the window, and of later ones what their second looks say of it."""
    counts: Counter[str] = Counter()
    direct: Counter[str] = Counter()
    trail: Counter[str] = Counter()
    answered_in: Counter[str] = Counter()
    findings: dict[str, Finding] = {}
    late: dict[str, Finding] = {}
    settled_ids: set[str] = set()
    has_gateway = True
    for file in files:
        if window.since <= file.since < window.until:
            has_gateway &= file.entries[0].get("gateway_role") != ""
            counts.update(_numbers(file.entries[0].get("counts"), Counts._fields))
            direct.update(_numbers(file.entries[0].get("direct_calls")))
            answered_in.update(_regions(file.entries[0]))
            if "trail" in file.entries[0]:
                names = TrailCounts._fields
                counted = {"files": 1, "without_logs": not read_logs(file.entries[0])}
                trail.update({**counted, **_numbers(file.entries[0]["trail"], names)})
        settled_ids.update(str(finding["id"]) for finding in _of_kind(file, "settled"))
        for kind, those in (("finding", findings), ("late_finding", late)):
            for finding in (_finding(entry["finding"]) for entry in _of_kind(file, kind)):
                if window.since <= datetime.fromisoformat(finding.at) < window.until:
                    those.setdefault(finding.id, finding)
    late = {key: finding for key, finding in late.items() if key not in findings}
    findings |= late
    settled = [finding for finding in findings.values() if finding.id in settled_ids]
    for finding in settled:
        counts.update(_PUT_RIGHT.get(finding.kind, {}))
    for finding in late.values():
        counts.update(_CAME_LATE.get(finding.kind, {}))
    totals = _totals(counts)
    opened = [finding for finding in findings.values() if finding.id not in settled_ids]
    order = sorted(opened, key=lambda finding: (finding.at, finding.request_id))
    outcome = Outcome(totals, order, dict(direct))
    return SealedSum(outcome, tuple(settled), has_gateway, dict(trail), dict(answered_in))


def read_logs(run: Mapping[str, Any]) -> int:
    """Return how many log files of CloudTrail a run has read. One that read none tells nothing: the
    stage's own functions make management events each hour."""
    read = run.get("read")
    logs = read.get("CloudTrail") if isinstance(read, Mapping) else None
    return _numbers(logs).get("count", 0)


def _totals(counts: Mapping[str, int]) -> Counts:
    """Return the counts. A call whose entry came late as well was not among the hour's, and is one
    more."""
    late_calls = max(0, -counts.get("matched", 0))
    totals = {name: max(0, counts.get(name, 0)) for name in Counts._fields}
    return Counts(**{**totals, "calls": totals["calls"] + late_calls})


def _regions(run: Mapping[str, Any]) -> Mapping[str, int]:
    """Return how many records name each Region; all of them name "" in an hour that was sealed by a
    version that did not count Regions."""
    if ANSWERED_IN in run:
        return _numbers(run[ANSWERED_IN])
    return {"": records} if (records := _numbers(run.get("counts")).get("records")) else {}


def _of_kind(file: SealedFile, kind: str) -> Iterator[Mapping[str, Any]]:
    return (entry for entry in file.entries if entry.get("kind") == kind)


def _numbers(sealed: object, names: Collection[str] | None = None) -> dict[str, int]:
    """Return the counts: an older version has fewer, a newer one more."""
    counts = sealed if isinstance(sealed, Mapping) else {}
    return {
        name: number
        for name, number in counts.items()
        if isinstance(number, int) and (names is None or name in names)
    }


def _finding(fields: Mapping[str, Any]) -> Finding:
    """Return a finding of any version: what it does not have is empty."""
    values = {name: str(fields.get(name, "")) for name in Finding._fields[1:]}
    kind: Kind = fields["kind"] if fields["kind"] in KINDS else "unreadable_record"
    return Finding(kind, **values)
