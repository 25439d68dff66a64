"""Statements on the completeness of the record, by the join of `claude-bedrock verify`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.statement import Judgment, Statement, Verdict, stated
from claude_bedrock.cli.evidence.offline_report import key_sentence, signature_sentences
from claude_bedrock.cli.evidence.signature_check import PublicKey, check_signatures
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.verify import verification
from claude_bedrock.cli.verify.chain_report import chain_sentences, is_complete
from claude_bedrock.cli.verify.evidence_folder import EvidenceError
from claude_bedrock.cli.verify.verification import ChainReport, Report
from claude_bedrock.verification.assessment import UNSEEN_CALLS
from claude_bedrock.verification.evidence_bucket import EvidenceBucket
from claude_bedrock.verification.finding import Finding, Kind
from claude_bedrock.verification.period import Period


class _Claim(NamedTuple):
    """What a statement says, and the findings that each show that it is not so."""

    words: str
    kinds: tuple[Kind, ...]


_CLAIMS: Final[Mapping[str, _Claim]] = {
    "complete": _Claim(
        "Every call of the window is on record in both places",
        ("missing_record", "unreadable_record"),
    ),
    "nobody-went-round": _Claim(
        "Every record has its call: nobody went round", ("bypassed_gateway", "audit_entry_lost")
    ),
    "bodies": _Claim("Every record has what was asked and answered", ("body_missing",)),
    "callers": _Claim(
        "Both accounts name the same caller, model and content for every call",
        (
            *("caller_mismatch", "model_mismatch", "identity_mismatch", "session_mismatch"),
            "content_mismatch",
        ),
    ),
    "residency": _Claim(
        "No call was answered outside the stage's residency", ("data_residency_violation",)
    ),
}
_WITHOUT_GATEWAY: Final[Mapping[str, _Claim]] = {
    "complete": _Claim(
        "Every recorded call of the window is on record in both places", _CLAIMS["complete"].kinds
    ),
    "callers": _Claim(
        "Both records of every call have the same caller, model and content", ("content_mismatch",)
    ),
}
"""What is claimed of a stage without an endpoint, whose calls are known by records alone."""
_NAMED: Final = 20
_ALL_DIRECT: Final = (
    "Not assessed: the stage has no endpoint, so each of its {:,} recorded calls is a direct one."
)
_NO_RESIDENCY: Final = (
    "Not assessed: the stage sets no `residency`, so its calls may be answered wherever its "
    "geographies lead. No call was answered elsewhere."
)


class Completeness(NamedTuple):
    """`hours` says how many of the window's hours are verified; empty where it is not known."""

    report: Report
    statements: tuple[Statement, ...]
    hours: str = ""


def collect_completeness(
    recorder: RecordingDeployment, deployment: Deployment, report: Report, period: Period
) -> Completeness:
    """`deployment` reads the evidence, which is not kept among the answers: it has its hashes."""
    judged = [judge(claim, report) for claim in _CLAIMS]
    chain_reports: list[ChainReport] = []
    chain = stated(
        recorder,
        "chain",
        "The evidence of every hour is there, in one chain, with nothing changed or taken away",
        "s3:ListBucket, s3:GetObject and logs:FilterLogEvents",
        lambda: _chain(deployment, period, chain_reports),
    )
    signed = stated(
        recorder,
        "signed",
        "The evidence of every hour is signed with a key that only the verification function uses",
        "kms:GetPublicKey, s3:ListBucket and s3:GetObject",
        lambda: judge_signatures(recorder, deployment, chain_reports),
    )
    hours = next(chain_sentences(chain_reports[0])) if chain_reports else ""
    return Completeness(report, (*judged, chain, signed), hours)


def judge_signatures(
    recorder: Deployment, deployment: Deployment, chain_reports: Sequence[ChainReport]
) -> Judgment:
    """Return the judgment on the signatures of the files of a chain; none has been read where there
    is no chain."""
    files = chain_reports[0].coverage.files if chain_reports else ()
    outputs = recorder.outputs("InvocationLogging")
    if not files or "SigningKeyArn" not in outputs:
        return Judgment("not assessed", "There is no signed evidence of the window.")
    answer = recorder.client("kms").get_public_key(KeyId=outputs["SigningKeyArn"])
    key = PublicKey.from_der(answer["PublicKey"])
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


def judge(name: str, report: Report) -> Statement:
    """Return the statement of that id, by what the join found."""
    claim = _CLAIMS[name]
    if not report.has_gateway:
        claim = _WITHOUT_GATEWAY.get(name, claim)
        if name == "nobody-went-round":
            words = _ALL_DIRECT.format(report.outcome.counts.records)
            return Statement(name, claim.words, "not assessed", words, applies=False)
    number = sum(finding.kind in claim.kinds for finding in report.outcome.findings)
    if name == "residency" and not number and not report.about["bounds"]["residency"]:
        return Statement(name, claim.words, "not assessed", _NO_RESIDENCY, applies=False)
    words = " ".join((*_words(name, number, report), *_put_right(claim, report)))
    return Statement(name, claim.words, _verdict(name, number, report), words)


def _put_right(claim: _Claim, report: Report) -> Iterator[str]:
    """Yield sentences on the findings that are no longer open, and on where the numbers are
    from."""
    settled = [finding for finding in report.settled if finding.kind in claim.kinds]
    if settled:
        yield f"{len(settled):,} were settled by what came late: {_ids(settled)}."
    for finding, by in report.accepted:
        if finding.kind in claim.kinds:
            yield f"Accepted: {by.id}, by {by.by} at {by.at}: {by.reason}."
    if report.chain:
        yield "Summed from the sealed hours."


def _ids(findings: Sequence[Finding]) -> str:
    more = f" and {len(findings) - _NAMED:,} more" if len(findings) > _NAMED else ""
    return f"{', '.join(finding.id for finding in findings[:_NAMED])}{more}"


def _verdict(name: str, number: int, report: Report) -> Verdict:
    counts = report.outcome.counts
    sums = report.chain
    if sums and not number and sums.coverage.hours_verified < sums.coverage.hours + sums.expired:
        return "not assessed"
    doubts = {
        "complete": counts.unknown + counts.pending,
        "nobody-went-round": counts.records_pending,
    }
    if number:
        return "fail"
    return "not assessed" if doubts.get(name) else "pass"


def _words(name: str, number: int, report: Report) -> Iterator[str]:
    counts = report.outcome.counts
    yield f"{number:,} are not so, each is listed below." if number else "No exception was found."
    if name == "complete":
        calls = "calls" if report.has_gateway else "recorded calls"
        yield f"Of {counts.calls:,} {calls}, {counts.matched:,} are on record in both places."
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
    elif name == "nobody-went-round":
        yield f"{counts.records:,} records were read."
        if counts.records_pending:
            yield f"Of {counts.records_pending:,} the call may still turn up."
        if counts.allowed_direct_calls:
            yield f"{counts.allowed_direct_calls:,} are of callers that the stage allows."


def _chain(deployment: Deployment, period: Period, chain_reports: list[ChainReport]) -> Judgment:
    try:
        chain_report = verification.chain_report(deployment, period.since, period.until, period.now)
        chain_reports.append(chain_report)
    except EvidenceError as error:
        return Judgment("not assessed", f"{str(error).capitalize()}.")
    words = " ".join(chain_sentences(chain_report))
    if not chain_report.coverage.holds:
        return Judgment("fail", words)
    return Judgment("pass" if is_complete(chain_report) else "not assessed", words)
