"""Statements on the completeness of the record, by the join of `claude-bedrock verify`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from claude_bedrock.cli.audit.budgets import BUDGETS_COUNTED
from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.statement import Judgment, Statement, Verdict, stated
from claude_bedrock.cli.evidence.offline_report import key_sentence, signature_sentences
from claude_bedrock.cli.evidence.signature_check import PublicKey, check_signatures
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.verify import deployed_chain, trail_digests
from claude_bedrock.cli.verify.chain_report import chain_sentences, is_complete
from claude_bedrock.cli.verify.deployed_chain import ChainReport
from claude_bedrock.cli.verify.evidence_folder import EvidenceError
from claude_bedrock.cli.verify.retained_window import is_firm
from claude_bedrock.cli.verify.verification import Report
from claude_bedrock.cli.verify.window_hours import WindowHours
from claude_bedrock.verification.assessment import UNSEEN_CALLS, has_changed
from claude_bedrock.verification.evidence_bucket import EvidenceBucket
from claude_bedrock.verification.finding import Finding, Kind, number_of
from claude_bedrock.verification.hours import Span
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.sealed_hours import read_logs


class _Claim(NamedTuple):
    """What a statement says, and the findings that each show that it is not so."""

    words: str
    kinds: tuple[Kind, ...]


_CLAIMS: Final[Mapping[str, _Claim]] = {
    "complete": _Claim(
        "Every call of the gateway that Bedrock answered is on record in both destinations",
        ("missing_record", "unreadable_record", "evidence_changed"),
    ),
    "no-bypass": _Claim(
        "Every record in the Region is of a call of the gateway, or of an allowed caller",
        ("bypassed_gateway", "audit_entry_lost"),
    ),
    "bodies": _Claim(
        "Every record, except those of allowed direct callers, has its prompt, and its completion "
        "if the call completed",
        ("body_missing",),
    ),
    "callers": _Claim(
        "Audit log entry and both records of each call agree on caller, model and content",
        (
            *("caller_mismatch", "model_mismatch", "identity_mismatch", "session_mismatch"),
            "content_mismatch",
        ),
    ),
    "cloudtrail": _Claim(
        "CloudTrail has no answered call of a model that audit log entries and records lack",
        ("lost_call", "unrecorded_call", "call_outside_stage"),
    ),
    "residency": _Claim(
        "No record, except those of allowed direct callers, names a Region outside the stage's "
        "residency",
        ("data_residency_violation",),
    ),
}
_WITHOUT_GATEWAY: Final[Mapping[str, _Claim]] = {
    "complete": _Claim(
        "Every recorded call of the window is on record in both destinations",
        _CLAIMS["complete"].kinds,
    ),
    "callers": _Claim(
        "Both records of every call have the same caller, model and content", ("content_mismatch",)
    ),
    "bodies": _Claim(
        "Every record has its prompt, and its completion if the call completed",
        _CLAIMS["bodies"].kinds,
    ),
    "residency": _Claim(
        "No record names a Region outside the stage's residency", _CLAIMS["residency"].kinds
    ),
}
"""What is claimed of a stage without an endpoint, whose calls are known by records alone."""
_DOUBT: Final[Kind] = "trail_incomplete"
"""A finding that shows that CloudTrail cannot tell."""
_NO_TRAIL: Final = (
    "Not assessed: the verification reads no CloudTrail events without `evidence.cloudtrail`."
)
_NO_TRAIL_SEALED: Final = (
    "Not assessed: no sealed hour of the window has CloudTrail events, which the verification "
    "reads with `evidence.cloudtrail`."
)
CALL_STATEMENTS: Final = tuple(_CLAIMS)
"""The statements whose result the headline of the report says."""
_NAMED: Final = 20
_ALL_DIRECT: Final = (
    "Not assessed: the stage has no endpoint, so each of its {:,} recorded calls is a direct one."
)
_NO_RESIDENCY: Final = (
    "Not assessed: the stage sets no `residency`, so any Region of its geographies may "
    "answer. No other Region did."
)


class Completeness(NamedTuple):
    """`hours` are those of the window, None where AWS gave no answer on them or the stage seals
    none; `signing_key` the SHA-256 of the public key that signs them, empty where it is not
    known."""

    report: Report
    statements: tuple[Statement, ...]
    hours: WindowHours | None = None
    signing_key: str = ""


def collect_completeness(
    recorder: RecordingDeployment, deployment: Deployment, report: Report, period: Period
) -> Completeness:
    """`deployment` reads the evidence, which is not kept among the answers: it has its hashes."""
    outputs = recorder.outputs("InvocationLogging")
    note = trail_digests.note_on_calls(recorder, outputs, Span(period.since, period.until))
    of_claims = [_with_note(judge(claim, report), note) for claim in _CLAIMS]
    chain_reports: list[ChainReport] = []
    fingerprints: list[str] = []
    chain = stated(
        recorder,
        "chain",
        "Every hour that is due has its evidence, in one chain that matches the function's log",
        "s3:ListBucket, s3:GetObject and logs:FilterLogEvents",
        lambda: _chain(deployment, period, chain_reports),
    )
    signed = stated(
        recorder,
        "signed",
        "Signatures of the stage's KMS key cover the evidence of every sealed hour",
        "kms:GetPublicKey, s3:ListBucket and s3:GetObject",
        lambda: judge_signatures(recorder, deployment, chain_reports, fingerprints.append),
    )
    hours = [WindowHours.of(sums.coverage, sums.expired, period) for sums in chain_reports]
    statements = (*of_claims, chain, signed)
    return Completeness(report, statements, next(iter(hours), None), "".join(fingerprints))


def _with_note(statement: Statement, note: str) -> Statement:
    """Return the statement of CloudTrail with what was not looked at; every other as it is."""
    if statement.id != "cloudtrail" or not statement.applies:
        return statement
    return statement._replace(words=f"{statement.words} {note}".rstrip())


def judge_signatures(
    recorder: Deployment,
    deployment: Deployment,
    chain_reports: Sequence[ChainReport],
    note_key: Callable[[str], None] = lambda _: None,
) -> Judgment:
    """Return the judgment on the signatures of the files of a chain; none has been read where there
    is no chain. `note_key` takes the SHA-256 of the public key."""
    files = chain_reports[0].coverage.files if chain_reports else ()
    outputs = recorder.outputs("InvocationLogging")
    if not files or "SigningKeyArn" not in outputs:
        return Judgment("not assessed", "There is no signed evidence of the window.")
    answer = recorder.client("kms").get_public_key(KeyId=outputs["SigningKeyArn"])
    key = PublicKey.from_der(answer["PublicKey"])
    note_key(key.fingerprint)
    first, last = files[0].key, files[-1].key
    check = check_signatures(
        EvidenceBucket(deployment.client("s3"), outputs["EvidenceBucketName"]),
        files,
        [key],
        is_expected=lambda name: first <= name <= last,
    )
    words = " ".join((*signature_sentences(check, len(files)), key_sentence(key)))
    if check.broken:
        return Judgment("fail", words)
    return Judgment("not assessed" if check.unsigned else "pass", words)


def statement_of(kind: Kind) -> str:
    """Return the id of the statement that a finding of that kind fails. Raise LookupError where
    none does."""
    if kind == _DOUBT:
        return "cloudtrail"
    if kind == "budget_mismatch":
        return BUDGETS_COUNTED
    for name, claim in _CLAIMS.items():
        if kind in claim.kinds:
            return name
    raise LookupError(f"give {kind} to a statement of _CLAIMS in {__name__}")


def judge(name: str, report: Report) -> Statement:
    """Return the statement of that id, by what the join found."""
    claim = _CLAIMS[name]
    if not report.has_gateway:
        claim = _WITHOUT_GATEWAY.get(name, claim)
        if name == "no-bypass":
            words = _ALL_DIRECT.format(report.outcome.counts.records)
            return Statement(name, claim.words, "not assessed", words, applies=False)
    findings = [finding for finding in report.outcome.findings if finding.kind in claim.kinds]
    number = len(findings)
    if name == "cloudtrail" and not number and "trail" not in report.about:
        words = _NO_TRAIL_SEALED if report.hours else _NO_TRAIL
        return Statement(name, claim.words, "not assessed", words, applies=False)
    if name == "residency" and not number and not report.about["bounds"]["residency"]:
        return Statement(name, claim.words, "not assessed", _NO_RESIDENCY, applies=False)
    words = " ".join((*_words(name, number, report), *_put_right(claim, findings, report)))
    certain = [finding for finding in findings if finding.id not in report.uncertain]
    verdict = _verdict(
        name,
        report,
        has_failed=any(is_firm(finding, report.retained_since) for finding in certain),
    )
    if verdict == "pass" and len(certain) < len(findings):
        verdict = "not assessed"
    return Statement(name, claim.words, verdict, words)


def _put_right(claim: _Claim, opened: Sequence[Finding], report: Report) -> Iterator[str]:
    """Yield sentences on the findings that are no longer open, or may be so, and on where the
    numbers are from."""
    settled = [finding for finding in report.settled if finding.kind in claim.kinds]
    if settled:
        yield f"{number_of(settled, 'was', 'were')} settled by what came late: {_ids(settled)}."
    accepted = [finding for finding, _ in report.accepted if finding.kind in claim.kinds]
    if accepted:
        yield f"{number_of(accepted, 'is', 'are')} accepted, with a reason: {_ids(accepted)}."
    if uncertain := [finding for finding in opened if finding.id in report.uncertain]:
        yield (
            f"{number_of(uncertain)} may be settled or accepted, and the function's log, which "
            f"tells, cannot be read: {_ids(uncertain)}."
        )
    if report.retained_since:
        yield f"Records from before {report.retained_since:%Y-%m-%d %H:%M} UTC may be gone."
    if report.hours:
        yield f"Summed from the {report.hours.verified:,} hours that are verified."
        if not report.hours.is_complete:
            doubtful = report.hours.deployed - report.hours.verified
            hours = "hour" if doubtful == 1 else "hours"
            yield f"Of {doubtful:,} {hours} of the window it is not assessed."


def _ids(findings: Sequence[Finding]) -> str:
    more = f" and {len(findings) - _NAMED:,} more" if len(findings) > _NAMED else ""
    return f"{', '.join(finding.id for finding in findings[:_NAMED])}{more}"


def _verdict(name: str, report: Report, *, has_failed: bool) -> Verdict:
    counts = report.outcome.counts
    if has_failed:
        return "fail"
    if report.retained_since or (report.hours and not report.hours.is_complete):
        return "not assessed"
    doubts = {
        "complete": counts.unknown + counts.pending,
        "no-bypass": counts.records_pending,
        "cloudtrail": _trail_doubts(report),
    }
    return "not assessed" if doubts.get(name) else "pass"


def _trail_doubts(report: Report) -> int:
    """Return how many calls, files and hours keep CloudTrail from telling."""
    trail: Mapping[str, int] = report.about.get("trail", {})
    hours = len(report.chain.coverage.files) - trail.get("files", 0) if report.chain else 0
    gaps = sum(finding.kind == _DOUBT for finding in report.outcome.findings)
    numbers = (trail.get(name, 0) for name in ("pending", "events_pending", "unreadable"))
    return gaps + max(0, hours) + sum(numbers) + _without_logs(report)


def _without_logs(report: Report) -> int:
    """Return of how many hours, or whether of the joined window, CloudTrail has no log file."""
    if report.chain:
        return int(report.about["trail"].get("without_logs", 0)) if "trail" in report.about else 0
    return int("trail" in report.about and not read_logs(report.about))


def _trail_words(report: Report) -> Iterator[str]:
    trail = report.about.get("trail", {})
    yield f"{trail.get('events', 0):,} events of calls were read."
    due, witnessed = trail.get("due", 0), trail.get("witnessed", 0)
    yield f"Of {due:,} calls that are due an event, {witnessed:,} have it."
    gaps = sum(finding.kind == _DOUBT for finding in report.outcome.findings)
    if gaps:
        yield f"Gaps that keep CloudTrail from telling: {gaps:,}."
    if number := _without_logs(report):
        where = f"{number:,} sealed hours" if report.chain else "the window"
        yield f"CloudTrail has no log file of {where}: its trail was off, or is in another place."
    if report.chain and trail.get("files", 0) < len(report.chain.coverage.files):
        yield f"Only {trail.get('files', 0):,} of the sealed hours have read it."


def _words(name: str, number: int, report: Report) -> Iterator[str]:
    counts = report.outcome.counts
    yield f"Exceptions: {number:,}." if number else "No exception was found."
    if name == "complete":
        calls = "calls" if report.has_gateway else "recorded calls"
        verb = "were" if has_changed(report.outcome) else "are"
        yield f"Of {counts.calls:,} {calls}, {counts.matched:,} {verb} on record in both places."
        if not report.has_gateway:
            yield f"{UNSEEN_CALLS[0].upper()}{UNSEEN_CALLS[1:]}."
        if counts.pending:
            yield f"{counts.pending:,} are too young to be judged."
        if counts.unknown:
            yield f"Of {counts.unknown:,} it cannot be known."
        if counts.refused:
            yield f"{counts.refused:,} were refused by Bedrock or not sent: no record is due."
        if counts.not_loggable:
            yield f"{counts.not_loggable:,} only counted tokens, which Bedrock does not log."
    elif name == "no-bypass":
        yield f"{counts.records:,} records were read."
        if counts.records_pending:
            yield f"Of {counts.records_pending:,} the audit log entry may still arrive."
        if counts.allowed_direct_calls:
            yield f"{counts.allowed_direct_calls:,} are of callers that the stage allows."
    elif name == "cloudtrail":
        yield from _trail_words(report)
    elif report.has_gateway and counts.allowed_direct_calls:
        yield f"{counts.allowed_direct_calls:,} records of allowed direct callers were left out."


def _chain(deployment: Deployment, period: Period, chain_reports: list[ChainReport]) -> Judgment:
    try:
        chain_report = deployed_chain.chain_report(
            deployment, period.since, period.until, period.now
        )
        chain_reports.append(chain_report)
    except EvidenceError as error:
        return Judgment("not assessed", f"{str(error).capitalize()}.")
    words = " ".join(chain_sentences(chain_report))
    if not chain_report.coverage.holds:
        return Judgment("fail", words)
    return Judgment("pass" if is_complete(chain_report) else "not assessed", words)
