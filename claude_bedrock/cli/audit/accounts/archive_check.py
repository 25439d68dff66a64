"""One stage judged by its archive: chain, signatures, hours and findings, without a question to the
stage's own account."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.audit.accounts.accounts_file import ArchivedStage
from claude_bedrock.cli.audit.statement import Verdict
from claude_bedrock.cli.evidence.signature_check import (
    NotAKeyError,
    PublicKey,
    SignatureCheck,
    SignedSpan,
    check_signatures,
)
from claude_bedrock.verification import hash_chain
from claude_bedrock.verification.accepted_findings import Disposition, read_dispositions
from claude_bedrock.verification.coverage import Coverage, cover, due_span
from claude_bedrock.verification.evidence_bucket import (
    BrokenEvidenceError,
    EvidenceFiles,
    SealedFile,
)
from claude_bedrock.verification.finding import DOUBTS, Counts, Finding
from claude_bedrock.verification.hash_log import SealedHash
from claude_bedrock.verification.hours import Span
from claude_bedrock.verification.legal_holds import LegalHold, read_holds
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.sealed_hours import SealedSum, sum_hours
from claude_bedrock.verification.signatures import PUBLIC_KEYS

REPLICATED_WITHIN: Final = timedelta(hours=1)
"""So long a sealed hour may be on its way into the archive; S3 names no limit without Replication
Time Control, and replicates most objects within 15 minutes."""


class StageAssessment(NamedTuple):
    """What an archive comes to. `reason` is one sentence. `fingerprints` are the SHA-256 of the
    keys that the signatures were checked by; `has_named_key`: the file names them, so that the
    archive does not have to be trusted. `signed_by` says which hours each of them covers, `refused`
    are the archive's other keys, which nobody has named. `accepted` are findings that an operator
    has accepted, `holds` the legal holds that are in force, whenever they were ordered."""

    stage: ArchivedStage
    verdict: Verdict
    reason: str
    hours: int = 0
    hours_verified: int = 0
    files: int = 0
    signed: int = 0
    fingerprints: tuple[str, ...] = ()
    has_named_key: bool = False
    signed_by: tuple[SignedSpan, ...] = ()
    refused: tuple[str, ...] = ()
    has_gateway: bool = True
    counts: Counts = Counts()
    findings: tuple[Finding, ...] = ()
    accepted: tuple[tuple[Finding, Disposition], ...] = ()
    holds: tuple[LegalHold, ...] = ()
    sha256: str = ""

    def as_data(self) -> dict[str, Any]:
        return {
            **{name: getattr(self.stage, name) for name in ("name", "account", "region", "stage")},
            "verdict": self.verdict,
            "reason": self.reason,
            "hours": self.hours,
            "hours_verified": self.hours_verified,
            "files": self.files,
            "signed": self.signed,
            "public_key_sha256": list(self.fingerprints),
            "has_named_key": self.has_named_key,
            "signed_by": [span.as_data() for span in self.signed_by],
            "refused_public_key_sha256": list(self.refused),
            "has_gateway": self.has_gateway,
            "counts": self.counts._asdict(),
            "findings": [finding.as_data() for finding in self.findings],
            "accepted": [
                {**finding.as_data(), "accepted": disposition._asdict()}
                for finding, disposition in self.accepted
            ],
            "legal_holds": [hold.as_data() for hold in self.holds],
            "sha256": self.sha256,
        }


class _Evidence(NamedTuple):
    """What was read of an archive. `keys` are those that may have signed it, `absent` the SHA-256
    of named keys that the archive lacks, `refused` that of its keys that nobody has named."""

    coverage: Coverage
    signatures: SignatureCheck
    keys: tuple[PublicKey, ...]
    absent: tuple[str, ...]
    refused: tuple[str, ...]

    @property
    def hours_verified(self) -> int:
        """The hours that hold; none where a signature is wrong or no key was found, since then
        nothing tells who sealed them."""
        is_sealed = bool(self.keys) and not self.signatures.broken
        return self.coverage.hours_verified if is_sealed else 0


def assess_archive(
    stage: ArchivedStage, evidence: EvidenceFiles, period: Period
) -> StageAssessment:
    """Return the assessment of the window by the files of `evidence`. Raises botocore's errors."""
    due = due_span(
        period.since,
        period.until,
        now=period.now - REPLICATED_WITHIN,
        deployed=stage.since or period.since,
    )
    read = _read(stage, evidence, due, period.now)
    total = sum_hours(read.coverage.files, Span(period.since, period.until))
    dispositions = read_dispositions(evidence, _linked(read.coverage.files, "disposition"))
    holds = read_holds(evidence, _linked(read.coverage.files, "hold"))
    opened = tuple(each for each in total.outcome.findings if each.id not in dispositions)
    verdict, reason = _verdict(stage, read, total, opened)
    return StageAssessment(
        stage=stage,
        verdict=verdict,
        reason=reason,
        hours=read.coverage.hours,
        hours_verified=read.hours_verified,
        files=len(read.coverage.files),
        signed=read.signatures.signed,
        fingerprints=tuple(key.fingerprint for key in read.keys),
        has_named_key=bool(stage.keys),
        signed_by=read.signatures.spans,
        refused=read.refused,
        has_gateway=total.has_gateway,
        counts=total.outcome.counts,
        findings=opened,
        accepted=tuple(
            (each, dispositions[each.id])
            for each in total.outcome.findings
            if each.id in dispositions
        ),
        holds=tuple(hold for hold in holds.values() if hold.state != "released"),
        sha256=read.coverage.sha256,
    )


def _read(stage: ArchivedStage, evidence: EvidenceFiles, due: Span, now: datetime) -> _Evidence:
    """Read the files up to now: later ones settle findings, and name what was accepted."""
    coverage = cover(evidence, due, files_of=Span(due.since, now), now=now, logged=None)
    archived = {key.fingerprint: key for key in _archived_keys(evidence)}
    keys, absent = _keys(stage, archived)
    names = [file.key for file in coverage.files]
    signatures = check_signatures(
        evidence,
        coverage.files,
        tuple(keys.values()),
        is_expected=lambda name: bool(names) and names[0] <= name <= names[-1],
    )
    refused = tuple(sorted(archived.keys() - keys.keys()))
    return _Evidence(coverage, signatures, tuple(keys.values()), absent, refused)


def _keys(
    stage: ArchivedStage, archived: Mapping[str, PublicKey]
) -> tuple[Mapping[str, PublicKey], tuple[str, ...]]:
    """Return the keys that the file names, by SHA-256, and the SHA-256 that neither it nor the
    archive has a key of. Of a file that names none return all of the archive's."""
    if not stage.keys:
        return archived, ()
    named = {key.fingerprint: key for key in stage.keys if isinstance(key, PublicKey)}
    hashes = [key for key in stage.keys if isinstance(key, str)]
    known = {**archived, **named}
    keys = {sha256: known[sha256] for sha256 in (*hashes, *named) if sha256 in known}
    return keys, tuple(sha256 for sha256 in hashes if sha256 not in known)


def _archived_keys(evidence: EvidenceFiles) -> Iterator[PublicKey]:
    for name in evidence.listed(PUBLIC_KEYS):
        try:
            yield PublicKey.from_pem(evidence.content(name))
        except (NotAKeyError, BrokenEvidenceError):
            continue  # what is no key has signed nothing


def _linked(files: Sequence[SealedFile], kind: str) -> Mapping[str, SealedHash]:
    """Return what the chain has of the files of accepted findings or of holds, by their names."""
    return {
        str(entry["key"]): SealedHash("", str(entry["key"]), str(entry["sealed_sha256"]), "", "")
        for file in files
        for entry in file.entries
        if entry.get("kind") == kind and {"key", "sealed_sha256"} <= entry.keys()
    }


def _verdict(
    stage: ArchivedStage, read: _Evidence, total: SealedSum, findings: Sequence[Finding]
) -> tuple[Verdict, str]:
    """Return the worst of what was seen, and the one reason for it."""
    doubts = sum(finding.kind in DOUBTS for finding in findings)
    if reason := next(_failures(stage, read, len(findings) - doubts), ""):
        return "fail", reason
    if reason := next(_doubts(stage, read, total, doubts), ""):
        return "not assessed", reason
    if not read.coverage.hours:
        return "not assessed", "no hour of the window is due yet"
    what = "every due hour is sealed, signed and without an open finding"
    if total.has_gateway:
        return "pass", what
    due = read.coverage.due
    of_window = sum(due.since <= file.since < due.until for file in read.coverage.files)
    has_trail = total.trail.get("files", 0) - total.trail.get("without_logs", 0) >= of_window
    witnesses = "records and CloudTrail" if has_trail else "records alone"
    return "pass", f"{what}; {witnesses}, without a gateway"


def _failures(stage: ArchivedStage, read: _Evidence, findings: int) -> Iterator[str]:
    coverage = read.coverage
    for file in coverage.files:
        expected = (stage.account, stage.stage, stage.region)
        about = tuple(str(file.entries[0].get(name)) for name in ("account", "stage", "region"))
        if about != expected:
            yield f"{file.key} is of {' '.join(about)}, not of {' '.join(expected)}"
    if coverage.broken:
        yield coverage.broken[0][1]
    if read.absent:
        yield f"the archive has no public key of the SHA-256 that the file names: {read.absent[0]}"
    if read.signatures.broken:
        refused = ", ".join(read.refused)
        more = f"; the archive has a key that the file does not name: {refused}" if refused else ""
        yield f"{read.signatures.broken[0]}{more}"
    missing = [span for span in coverage.missing if not _may_be_before_the_stage(stage, read, span)]
    if missing:
        more = f", and of {len(missing) - 1:,} more times" if missing[1:] else ""
        yield f"no evidence of {missing[0]}{more}"
    if findings:
        yield f"{findings:,} open finding{'s' if findings > 1 else ''}"


def _may_be_before_the_stage(stage: ArchivedStage, read: _Evidence, span: Span) -> bool:
    """Return whether a time without evidence may lie before the stage: it begins the window, the
    chain begins behind it, or there is none, and the file does not say since when there is a
    stage."""
    files, due = read.coverage.files, read.coverage.due
    starts_chain = not files or files[0].previous == hash_chain.BEGINNING
    return stage.since is None and span.since == due.since and starts_chain


def _doubts(
    stage: ArchivedStage, read: _Evidence, total: SealedSum, findings: int
) -> Iterator[str]:
    coverage, counts = read.coverage, total.outcome.counts
    if coverage.missing:
        span = coverage.missing[0]
        yield f"no evidence of {span}, and nothing says since when there is a stage"
    for span, because in coverage.not_verified:
        if span.since < coverage.due.until and span.until > coverage.due.since:
            yield f"{span} was sealed as not verified: {because}"
    if read.signatures.unsigned:
        yield f"{len(read.signatures.unsigned):,} files are not signed yet"
    if not stage.keys:
        yield "the file names no key, and the archive's own key proves nothing of itself"
    if findings:
        yield f"{findings:,} open finding{'s' if findings > 1 else ''} of what could not be known"
    if unknown := counts.unknown + counts.pending + counts.records_pending:
        yield f"of {unknown:,} calls it could not be known"
