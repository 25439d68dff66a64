"""What an hour looks like a day later: what came late settles its finding, which is sealed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.records.window import UnreadableError
from claude_bedrock.verification import run
from claude_bedrock.verification.coverage import iso, whole_hour
from claude_bedrock.verification.evidence_bucket import (
    HOURLY,
    BrokenEvidenceError,
    EvidenceBucket,
    SealedFile,
    before,
    begin_of,
    is_of_hours,
)
from claude_bedrock.verification.finding import Finding, Kind
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.read_budget import Budget, TooLargeError
from claude_bedrock.verification.run import Run, Stage

AFTER: Final = timedelta(hours=24)
SETTLED_BY_TIME: Final[frozenset[Kind]] = frozenset(
    {"missing_record", "bypassed_gateway", "audit_entry_lost", "body_missing"}
)
"""What a record, an entry or a body that comes late puts right. Nothing else becomes another."""


class SecondLook(NamedTuple):
    """What is sealed of it, and the findings that are new."""

    entries: Sequence[Mapping[str, Any]]
    found: Sequence[Finding]


def look_again(
    stage: Stage, evidence: EvidenceBucket, asked: Period, *, by: str, budget: Budget
) -> SecondLook:
    """At a window that was sealed before. Where it cannot be read, that is what is sealed."""
    window = {"since": iso(asked.since), "until": iso(asked.until)}
    try:
        files = list(_sealed_then(evidence, asked))
        if not files:
            return SecondLook([], [])
        found = run.run(stage, asked, by=by, budget=budget)
    except (TooLargeError, UnreadableError, BrokenEvidenceError) as error:
        return SecondLook([{"kind": "second_look", **window, "because": str(error)}], [])
    except (ClientError, BotoCoreError) as error:
        because = f"it could not be read: {type(error).__name__}"
        return SecondLook([{"kind": "second_look", **window, "because": because}], [])
    then = dict(_findings(files, asked))
    late = [finding for finding in found.outcome.findings if finding.id not in then]
    settled = [each for each in _settled(then, found) if _may_settle(each, files, found)]
    return SecondLook(
        [
            {
                "kind": "second_look",
                **window,
                "counts": found.outcome.counts._asdict(),
                "settled": len(settled),
                "found": len(late),
            },
            *({"kind": "settled", "id": each["id"], "finding": each} for each in settled),
            *({"kind": "late_finding", "finding": each.as_data()} for each in late),
        ],
        late,
    )


def _sealed_then(evidence: EvidenceBucket, asked: Period) -> Iterator[SealedFile]:
    """The files of the window that say what was found then."""
    for key in evidence.listed(HOURLY, before(whole_hour(asked.since))):
        if is_of_hours(key, asked.until) and begin_of(key) < asked.until:
            file = evidence.read(key)
            if file.until > asked.since and not file.because:
                yield file


def _findings(files: Sequence[SealedFile], asked: Period) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in files:
        for entry in file.entries:
            if entry.get("kind") == "finding":
                each = dict(entry["finding"])
                if asked.since <= datetime.fromisoformat(each["at"]) < asked.until:
                    yield each["id"], each


def _settled(then: Mapping[str, dict[str, Any]], found: Run) -> Iterator[dict[str, Any]]:
    now = {finding.id for finding in found.outcome.findings}
    return (each for finding_id, each in then.items() if finding_id not in now)


def _may_settle(finding: Mapping[str, Any], files: Sequence[SealedFile], found: Run) -> bool:
    """Not where the stage has other rules by now: a change of settings settles nothing."""
    if finding["kind"] not in SETTLED_BY_TIME:
        return False
    allowed = sum(_allowed(file) for file in files)
    if finding["kind"] == "bypassed_gateway":
        return found.outcome.counts.allowed_direct_calls <= allowed
    return True


def _allowed(file: SealedFile) -> int:
    number = file.entries[0].get("counts", {}).get("allowed_direct_calls", 0)
    return number if isinstance(number, int) else 0
