"""What the check of a copy of the evidence came to, in sentences and as an exit code."""

from collections.abc import Iterator
from typing import Final

from claude_bedrock.cli.evidence.offline import ObjectComparison, OfflineReport
from claude_bedrock.cli.evidence.signature_check import PublicKey, SignatureCheck
from claude_bedrock.cli.shared.terminal import escape_line
from claude_bedrock.cli.verify.chain_report import (
    BROKEN,
    HOLDS,
    NOT_ASSESSED,
    chain_sentences,
    listed,
    record_sentences,
)
from claude_bedrock.cli.verify.deployed_chain import ChainReport
from claude_bedrock.verification.hours import Span


def offline_exit_code(report: OfflineReport) -> int:
    """Return 1 where something is missing or changed, 2 where an hour is not verified or not
    signed, else 0."""
    if not report.holds:
        return BROKEN
    coverage = report.coverage
    unsigned = report.signatures.unsigned or report.others.unsigned
    compared = not (report.has_log_records and report.records.not_compared)
    is_complete = coverage.hours_verified == coverage.hours > 0 and not unsigned and compared
    return HOLDS if is_complete else NOT_ASSESSED


def offline_text(report: OfflineReport) -> str:
    """Return a sentence in a line."""
    sentences = [
        *(f"Account, Region and stage: {escape_line(stage)}." for stage in report.stages),
        *chain_sentences(ChainReport(report.coverage, unasked="", expired=0)),
        *signature_sentences(report.signatures, len(report.coverage.files)),
        *_other_sentences(report),
        *([_EARLIER.format(report.first_previous)] if report.first_previous else []),
        *_key_sentences(report),
        *([_COMPARE_KEY] if report.from_folder else []),
        *(_object_sentences(report.objects) if report.objects else [_NO_OBJECTS]),
        *_record_sentences(report),
    ]
    return "\n".join(sentences)


_EARLIER: Final = "An hour before the first is not in the folder: its last hash was {}."
_NO_OBJECTS: Final = "The folder has no records under AWSLogs/, so no object was compared."
_NO_RECORDS: Final = (
    "The folder has no records of CloudWatch Logs, so none was compared. "
    "`claude-bedrock evidence export` adds them."
)
_COMPARE_KEY: Final = (
    "The public key came with the folder. Compare its SHA-256 with that in the audit report, or "
    "name the key that you got from KMS with --public-key. Of several keys compare each."
)


def signature_sentences(check: SignatureCheck, files: int) -> Iterator[str]:
    """Yield what the signatures of so many files of hours came to."""
    yield f"Signatures cover {check.signed:,} of {files:,} files of hours."
    if check.unsigned:
        yield f"Not signed: {listed(check.unsigned)}."
    if check.broken:
        yield f"Wrong: {listed(check.broken)}."


def _other_sentences(report: OfflineReport) -> Iterator[str]:
    """Yield what is wrong with files beside the hours."""
    if report.others.unsigned:
        yield f"Neither signed nor named by an hour: {listed(report.others.unsigned)}."
    if wrong := (*report.others.broken, *report.broken):
        yield f"Not what was sealed: {listed(wrong)}."


def _record_sentences(report: OfflineReport) -> Iterator[str]:
    records = report.records
    if report.has_log_records or records.broken:
        yield from record_sentences(records)
    else:
        yield _NO_RECORDS


def key_sentence(key: PublicKey) -> str:
    return f"The SHA-256 of the public key is {key.fingerprint}."


def _key_sentences(report: OfflineReport) -> Iterator[str]:
    """Yield the key, or each of several keys and how many signatures it made."""
    if len(report.keys) == 1:
        yield key_sentence(report.keys[0])
        return
    checks = (report.signatures, report.others)
    for key in report.keys:
        number = sum(check.made_by.get(key.fingerprint, 0) for check in checks)
        yield _ONE_OF_KEYS.format(key.fingerprint, number)
        for span in report.signatures.spans:
            if span.fingerprint == key.fingerprint:
                yield f"It covers the hours {Span(span.since, span.until)}."


_ONE_OF_KEYS: Final = "The SHA-256 of one of the public keys is {}. It made {:,} of the signatures."


def _object_sentences(objects: ObjectComparison) -> Iterator[str]:
    yield (
        f"{objects.unchanged:,} objects are what was read, {len(objects.changed):,} are changed, "
        f"{len(objects.missing):,} are missing, {len(objects.new):,} are new."
    )
    if objects.by_checksum:
        yield f"Of these, {objects.by_checksum:,} large bodies were compared by S3's checksum."
    if objects.by_size:
        yield f"Of these, {objects.by_size:,} large bodies were compared by size alone."
    for name in ("changed", "missing", "new"):
        if keys := getattr(objects, name):
            yield f"{name.capitalize()}: {listed(keys)}."
