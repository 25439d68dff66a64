"""The evidence of a window as a folder that can be handed over: sealed hours and their signatures,
the objects that they rest on, audit entries, a public key, and a manifest."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.evidence import check
from claude_bedrock.cli.evidence.object_versions import EvidenceVersions
from claude_bedrock.cli.evidence.record_copy import key_of_copy, line_of_copy
from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Client, Deployment, NoTargetError
from claude_bedrock.cli.shared.manifest import ManifestFolder
from claude_bedrock.cli.shared.record_sources import audit_lines_of, records_of
from claude_bedrock.cli.verify.evidence_folder import EvidenceError
from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.verification.coverage import due_span
from claude_bedrock.verification.digest_list import SealedList
from claude_bedrock.verification.evidence_bucket import (
    HOURLY,
    PREFIX,
    BrokenEvidenceError,
    EvidenceBucket,
    EvidenceFiles,
    SealedFile,
    before,
    begin_of,
    is_of_hours,
)
from claude_bedrock.verification.hours import HOUR, Span, gaps_in, iso
from claude_bedrock.verification.linked_files import links_of, lists_of
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.signatures import (
    PUBLIC_KEYS,
    SIGNATURES,
    KmsSigner,
    key_of_public_key,
)

INSTRUCTIONS: Final = "README.md"
SCRIPT: Final = "check.py"
AUDIT_ENTRIES: Final = "audit-entries.jsonl.gz"
_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)


class Bundle(NamedTuple):
    """What was written: `missing` are keys of objects that are no longer in the bucket, `gaps` the
    times of the window that were due and are in no sealed file. `log_records` are those of
    CloudWatch Logs."""

    folder: Path
    hours: int
    objects: int
    log_records: int
    audit_entries: int
    missing: tuple[str, ...]
    gaps: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        return {
            **self._asdict(),
            "folder": str(self.folder),
            "missing": list(self.missing),
            "gaps": list(self.gaps),
        }


def export(deployment: Deployment, period: Period, folder: Path, *, with_records: bool) -> Bundle:
    """Write the bundle into a new folder.

    Raises NoTargetError, EvidenceError where the window has no evidence, and botocore's errors."""
    outputs = deployment.outputs("InvocationLogging")
    if "SigningKeyArn" not in outputs:
        stack = deployment.stack("InvocationLogging")
        raise NoTargetError(f"{stack} was deployed by an older version. Deploy it again.")
    s3 = deployment.client("s3")
    # A legal hold keeps versions that have expired since, behind a delete marker.
    evidence = EvidenceVersions(s3, outputs["EvidenceBucketName"], newest=True)
    files = ManifestFolder(folder)
    hours = list(_hours(evidence, period))
    if not hours:
        raise EvidenceError(
            "No hour of the window is sealed. An hour is sealed up to 2 hours and 15 minutes after "
            "its end; `claude-bedrock evidence verify` names those that are late."
        )
    copied = [_copy_hour(evidence, key, files) for key in hours]
    for key in evidence.listed(PUBLIC_KEYS):
        files.write(key, evidence.content(key))
    signer = KmsSigner(deployment.client("kms"), outputs["SigningKeyArn"])
    files.write(key_of_public_key(signer.key_id), signer.public_key())
    paths = sorted({path for hour in copied for path in hour.paths}) if with_records else []
    missing = _copy_objects(s3, paths, files)
    log_records = _copy_log_records(deployment, period, copied, files) if with_records else 0
    entries = _copy_audit_entries(deployment, period, files)
    files.write(SCRIPT, Path(check.__file__).read_bytes())
    files.write(INSTRUCTIONS, _instructions(deployment, period, with_records=with_records))
    files.write_manifest()
    objects = len(paths) - len(missing)
    gaps = tuple(map(str, _gaps(deployment, period, hours, copied)))
    return Bundle(folder, len(hours), objects, log_records, entries, missing, gaps)


class _Hour(NamedTuple):
    """Of a file of hours that was copied: the `s3://` paths of its objects, its list of the records
    in CloudWatch Logs, and the file itself; None where it has or is none that holds."""

    paths: Sequence[str] = ()
    log_events: SealedList | None = None
    file: SealedFile | None = None


def _gaps(
    deployment: Deployment, period: Period, hours: Sequence[str], copied: Sequence[_Hour]
) -> list[Span]:
    """Return the times that had to be sealed by now and are in no file. One that does not hold is
    found by the check of the bundle."""
    created = deployment.created("InvocationLogging")
    due = due_span(period.since, period.until, now=period.now, deployed=created)
    spans = [Span(hour.file.since, hour.file.until) for hour in copied if hour.file]
    names = [key for key, hour in zip(hours, copied, strict=True) if not hour.file]
    begins = [begin_of(key) for key in names if is_of_hours(key, _ALWAYS)]
    return gaps_in([*spans, *(Span(begin, begin + HOUR) for begin in begins)], due)


def _hours(evidence: EvidenceFiles, period: Period) -> Iterator[str]:
    """Yield the names of the files of hours that begin in the window, and of those among them that
    are none of the function's: the check of the bundle finds these."""
    for key in evidence.listed(HOURLY, before(period.since)):
        if is_of_hours(key, _ALWAYS) and begin_of(key) >= period.until:
            return
        yield key


def _copy_hour(evidence: EvidenceFiles, key: str, files: ManifestFolder) -> _Hour:
    """Copy the file of an hour, its signatures, its lists and the files that it links. What does
    not hold is copied as it is."""
    _copy_signed(evidence, key, files)
    try:
        file = evidence.read(key)
    except BrokenEvidenceError:
        return _Hour()
    for linked, _ in links_of(file):
        with suppress(BrokenEvidenceError):
            _copy_signed(evidence, linked, files)
            for listing in lists_of(evidence.entries(linked)[1]):
                files.write(listing.key, evidence.content(listing.key))
    objects, log_events = (
        _copy_list(evidence, file, name, files) for name in ("objects", "log_events")
    )
    try:
        paths = [str(line["path"]) for line in objects.lines(evidence)] if objects else []
    except BrokenEvidenceError:
        paths = []
    return _Hour(paths, log_events, file)


def _copy_signed(evidence: EvidenceFiles, key: str, files: ManifestFolder) -> None:
    """Copy a sealed file and its signatures. Raises BrokenEvidenceError where it is gone."""
    files.write(key, evidence.content(key))
    name = key.removeprefix(PREFIX).removesuffix(".jsonl")
    for signature in evidence.listed(f"{SIGNATURES}{name}-"):
        files.write(signature, evidence.content(signature))


def _copy_list(
    evidence: EvidenceFiles, file: SealedFile, name: str, files: ManifestFolder
) -> SealedList | None:
    """Copy a list of digests; return None where the hour names none, or it is gone."""
    named = SealedList.of(file.entries[0].get(name))
    if named is None:
        return None
    try:
        files.write(named.key, evidence.content(named.key))
    except BrokenEvidenceError:
        return None
    return named


def _copy_objects(s3: Client, paths: Sequence[str], files: ManifestFolder) -> tuple[str, ...]:
    """Copy objects; return the keys of those that are gone."""
    missing = []
    for path, content in each_in_order(partial(_content, s3), paths):
        key = path.removeprefix("s3://").partition("/")[2]
        if content is None:
            missing.append(key)
        else:
            files.write(key, content)
    return tuple(missing)


def _content(s3: Client, path: str) -> bytes | None:
    """Return the bytes of an object, or of the version that a legal hold keeps of it; None where it
    is gone."""
    bucket, _, key = path.removeprefix("s3://").partition("/")
    for source in (EvidenceBucket(s3, bucket), EvidenceVersions(s3, bucket, newest=True)):
        with suppress(BrokenEvidenceError):
            return source.content(key)
    return None


def _copy_log_records(
    deployment: Deployment, period: Period, hours: Sequence[_Hour], files: ManifestFolder
) -> int:
    """Copy the records in CloudWatch Logs of hours of which they are surely kept; return how many
    there are."""
    records = records_of(deployment)
    days = stage_settings.deployed(deployment).retention_days
    oldest, copied = period.now - timedelta(days=days), 0

    def lines(file: SealedFile) -> Iterator[str]:
        nonlocal copied
        for event, request_id in records.log_events(file.since, file.until):
            copied += 1
            yield line_of_copy(event, request_id)

    for _, log_events, file in hours:
        if log_events and file and file.since >= oldest:
            files.write_packed_lines(key_of_copy(log_events.key), lines(file))
    return copied


def _copy_audit_entries(deployment: Deployment, period: Period, files: ManifestFolder) -> int:
    """Copy the audit entries that were written in the window, as gzip of JSON Lines."""
    lines = [
        json.dumps({"source": item.source, "written_at": item.at, "audit": item.content})
        for item in audit_lines_of(deployment, period.since, period.until, Fingerprint())
    ]
    files.write_packed_lines(AUDIT_ENTRIES, lines)
    return len(lines)


def _instructions(deployment: Deployment, period: Period, *, with_records: bool) -> bytes:
    return _TEMPLATE.format(
        stage=deployment.stage,
        region=deployment.region,
        since=iso(period.since),
        until=iso(period.until),
        records=_WITH_RECORDS if with_records else _WITHOUT_RECORDS,
    ).encode()


_WITH_RECORDS: Final = """\
- `AWSLogs/` and what lies beside it: the objects in S3 that the hours were verified by, as Bedrock
  wrote them. `cloudwatch-records/`: the same records in CloudWatch Logs, of hours that it still
  has. Both hold prompts and completions."""
_WITHOUT_RECORDS: Final = "- The records, which hold prompts and completions, were left out."
_TEMPLATE: Final = """# Evidence of stage {stage} in {region}, {since} to {until}

- `evidence/hours/`: what the verification of each hour found. Each file begins with the last hash
  of the one before.
- `evidence/signatures/`: KMS's signature of each file; `evidence/public-keys/`: the key to check
  it with.
- `evidence/objects/`: size and SHA-256 of each object that an hour was verified by.
  `evidence/log-events/`: SHA-256 of each record in CloudWatch Logs.
{records}
- `audit-entries.jsonl.gz`: what the gateway logged of each call; no prompts. The hours have no
  digests of its lines: only `SHA256SUMS` covers it, which whoever changes the bundle can rewrite.

## Check it

Run these commands in this folder. You need openssl and Python 3.9 or newer, and no network.

1. Check that the bundle is as it was written:

       sha256sum --check --quiet SHA256SUMS && echo as written

   On macOS, write `shasum -a 256 --check` for `sha256sum --check`.

2. Check hashes, signatures, objects and records with the script `check.py`. It imports only
   Python's standard library: read it first.

       python3 check.py

   Compare the times that it prints with those above: a bundle without its first or last hours
   looks like one of a shorter time. `claude-bedrock evidence verify .` checks more: S3's checksums
   of large prompts and completions, and what came after an hour was sealed.

3. Print the SHA-256 of the public key, and compare it with the one in an audit report, or with
   that of the key that KMS returns. Only this step tells you whose signatures these are:

       for key in evidence/public-keys/*.pem; do
         openssl pkey -pubin -in "$key" -outform DER | openssl dgst -sha256
       done
"""
