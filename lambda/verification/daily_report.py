"""The daily report to the alarm topic: how many hours hold, the findings, the last hash.

Whoever gets it has the hash outside of the account.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from claude_bedrock.verification.accepted_findings import sealed_findings
from claude_bedrock.verification.coverage import DUE_AFTER, Coverage, cover
from claude_bedrock.verification.evidence_bucket import EvidenceBucket, SealedFile
from claude_bedrock.verification.hash_log import SealedHash, moment_of
from claude_bedrock.verification.hours import Span, iso, start_of_hour

_DAY: Final = timedelta(days=1)
_NAMED: Final = 20


def daily_report(
    evidence: EvidenceBucket, logged: Mapping[str, SealedHash], now: datetime, stage: str
) -> str:
    """Return the report on the last 24 hours that are due at `now`, as plain text. Raises
    botocore's errors."""
    end = start_of_hour(now - DUE_AFTER)
    first = min((moment_of(sealed.since) for sealed in logged.values()), default=end)
    day = Span(min(end, max(end - _DAY, start_of_hour(first))), end)
    coverage = cover(evidence, day, files_of=Span(day.since, now), now=now, logged=logged)
    return "\n".join(_lines(coverage, stage, day))


def _lines(coverage: Coverage, stage: str, day: Span) -> list[str]:
    of_day = [file for file in coverage.files if file.since < day.until]
    kinds = Counter(str(finding["kind"]) for finding in sealed_findings(of_day))
    return [
        f"Verification of the stage {stage}, {day}",
        "",
        f"Hours that hold: {coverage.hours_verified} of {coverage.hours}",
        *_named("Missing", [str(hour) for hour in coverage.missing]),
        *_named("Broken", [why for _, why in coverage.broken]),
        *_named("Not verified", [f"{span} ({why})" for span, why in coverage.not_verified]),
        *_named(
            "Not what the function sealed", [str(mismatch) for mismatch in coverage.mismatches]
        ),
        *_budgets(of_day),
        *([f"{number} x {kind}" for kind, number in sorted(kinds.items())] or ["No findings"]),
        "",
        f"Last hash: {coverage.sha256 or 'none'}",
        f"Covered until: {iso(coverage.files[-1].until) if coverage.files else 'nothing'}",
        "",
        "Keep this message: claude-bedrock evidence verify prints the same hashes.",
    ]


def _budgets(files: Sequence[SealedFile]) -> Iterator[str]:
    """Yield a line for each nightly check of budgets: how many counters were compared."""
    for entry in (entry for file in files for entry in file.entries):
        if entry.get("kind") == "budgets":
            day = str(entry["until"])
            if because := entry.get("because"):
                yield f"Budgets until {day}: not compared, {because}"
                continue
            yield (
                f"Budgets until {day}: {entry['exact']} counters compared exactly, "
                f"{entry['at_least']} with the least they may hold"
            )


def _named(what: str, names: list[str]) -> list[str]:
    more = [f"  and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return [f"{what}:", *(f"  {name}" for name in names[:_NAMED]), *more] if names else []


def is_due(last_reported: Any, now: datetime) -> bool:  # noqa: ANN401 - JSON of another version
    """Return whether none was sent on this day (UTC), by what the last file notes."""
    return bool(last_reported != f"{now:%Y-%m-%d}")
