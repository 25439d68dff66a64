"""The outcome of a reconciliation: findings, each with an id of its own, and counts."""

import hashlib
from collections.abc import Iterable, Mapping, Sized
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, Self, get_args

Kind = Literal[
    "missing_record",
    "bypassed_gateway",
    "audit_entry_lost",
    "body_missing",
    "caller_mismatch",
    "model_mismatch",
    "identity_mismatch",
    "session_mismatch",
    "content_mismatch",
    "data_residency_violation",
    "unreadable_record",
    "budget_mismatch",
    "call_outside_stage",
    "unrecorded_call",
    "lost_call",
    "trail_incomplete",
    "evidence_changed",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
DOUBTS: Final[frozenset[Kind]] = frozenset({"trail_incomplete"})
"""What shows that a witness cannot tell, and not that a call is lost."""
_FORMER_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "called, not logged": "missing_record",
        "logged, not called": "bypassed_gateway",
        "body missing": "body_missing",
        "caller differs": "caller_mismatch",
        "outside the residency": "data_residency_violation",
    }
)
"""What version 0.1 called a kind: evidence that it sealed says so, and ids are made of it."""
_FORMER_COUNTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "not_called": "unmatched_records",
        "not_asked": "answered_without_bedrock",
        "not_expected": "not_loggable",
    }
)
"""What version 0.1 called a count."""
_NAMES_IN_IDS: Final = {kind: former for former, kind in _FORMER_KINDS.items()}
_ID_DIGITS = 12


class Finding(NamedTuple):
    """`at` is ISO 8601 in UTC; `who` a key's name, or an ARN; `detail` never holds a prompt or a
    completion. `source` names an object and line, a log event, the gateway's request, or calls of
    one principal, where there is no request id of Bedrock's or it does not say enough."""

    kind: Kind
    request_id: str
    at: str
    model_id: str
    who: str
    detail: str
    source: str = ""

    @property
    def id(self) -> str:
        """12 hexadecimal digits: the same in every run and version that finds the same."""
        kind = _NAMES_IN_IDS.get(self.kind, self.kind)
        # The first call of several is another one once an earlier event has arrived.
        is_of_several = self.kind == "call_outside_stage" and self.source
        request_id = "" if is_of_several else self.request_id
        name = f"{kind}\n{request_id}\n{self.source}"
        return hashlib.sha256(name.encode()).hexdigest()[:_ID_DIGITS]

    def as_data(self) -> dict[str, str]:
        return {"id": self.id, **self._asdict()}


class Counts(NamedTuple):
    """How many of what the window holds; `calls` is the sum of the six below it."""

    calls: int = 0
    matched: int = 0
    not_logged: int = 0
    pending: int = 0
    unknown: int = 0  # no status of Bedrock's arrived and no record did, or one that is unreadable
    refused: int = 0  # answered by Bedrock with another status than 200, or not sent to it
    not_loggable: int = 0  # by an operation that Bedrock does not log
    answered_without_bedrock: int = 0  # requests that were answered without Bedrock
    records: int = 0
    unmatched_records: int = (
        0  # records without a call, of neither the gateway nor an allowed caller
    )
    records_pending: int = 0  # records without a call, whose audit entry may still come
    audit_entries_lost: int = 0  # records of the gateway's own roles without a call
    allowed_direct_calls: int = 0  # records of callers that may go past the gateway
    duplicates: int = 0  # the same record once more in the same destination
    unreadable: int = 0  # records and audit entries that cannot be read, in each place


class Outcome(NamedTuple):
    """`direct_calls` has, by principal (an ARN), how many of the allowed direct calls it made."""

    counts: Counts
    findings: list[Finding]
    direct_calls: Mapping[str, int] = MappingProxyType({})

    def with_findings(self, others: Iterable[Finding]) -> Self:
        """Return the outcome with further findings, in order."""
        findings = [*self.findings, *others]
        order = sorted(findings, key=lambda finding: (finding.at, finding.request_id))
        return self._replace(findings=order)

    def as_data(self) -> dict[str, Any]:
        return {
            "counts": self.counts._asdict(),
            "direct_calls": dict(self.direct_calls),
            "findings": [finding.as_data() for finding in self.findings],
        }


def number_of(findings: Sized, is_: str = "", are: str = "") -> str:
    """Return how many findings there are, in words, and the verb that goes with the number."""
    number = len(findings)
    words = f"1 finding {is_}" if number == 1 else f"{number:,} findings {are}"
    return words.rstrip()


def in_todays_names(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an entry of sealed evidence with the kind and the counts by the names of today."""
    renamed = dict(entry)
    if isinstance(finding := entry.get("finding"), Mapping) and "kind" in finding:
        kind = finding["kind"]
        renamed["finding"] = {**finding, "kind": _FORMER_KINDS.get(kind, kind)}
    if isinstance(counts := entry.get("counts"), Mapping):
        renamed["counts"] = {_FORMER_COUNTS.get(name, name): n for name, n in counts.items()}
    return renamed
