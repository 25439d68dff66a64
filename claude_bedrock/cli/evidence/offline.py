"""Evidence in a folder, checked with nothing but its files and a public key.

The folder is a copy of the stage's bucket, as `aws s3 sync s3://BUCKET FOLDER` makes it: evidence
under `evidence/`, records under `AWSLogs/` where they are to be compared too. A bundle of
`claude-bedrock evidence export` also has those of CloudWatch Logs, under `cloudwatch-records/`.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from claude_bedrock.cli.evidence.record_copy import key_of_copy
from claude_bedrock.cli.evidence.s3_checksum import matches
from claude_bedrock.cli.evidence.signature_check import (
    NotAKeyError,
    PublicKey,
    SignatureCheck,
    check_other_signatures,
    check_signatures,
)
from claude_bedrock.cli.verify.evidence_folder import EvidenceError
from claude_bedrock.records.object_name import begun_at
from claude_bedrock.verification.coverage import Coverage, cover
from claude_bedrock.verification.digest_list import SealedList
from claude_bedrock.verification.evidence_bucket import (
    HOURLY,
    BrokenEvidenceError,
    EvidenceFiles,
    SealedFile,
    begin_of,
    is_of_hours,
)
from claude_bedrock.verification.hash_chain import BEGINNING
from claude_bedrock.verification.hours import HOUR, Span, start_of_hour
from claude_bedrock.verification.linked_files import check_linked
from claude_bedrock.verification.record_check import LineOfRecord, RecordCheck, check_records
from claude_bedrock.verification.record_digests import record_line
from claude_bedrock.verification.signatures import PUBLIC_KEYS

RECORDS: Final = "AWSLogs/"
_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
State = Literal["unchanged", "unchanged by checksum", "unchanged by size", "changed", "missing"]


class EvidenceCopy(EvidenceFiles):
    """The files of a copy of the bucket, by their paths under `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def listed(self, prefix: str, after: str = "") -> Iterator[str]:
        paths = (path for path in (self._folder / prefix).rglob("*") if path.is_file())
        names = sorted(path.relative_to(self._folder).as_posix() for path in paths)
        yield from (name for name in names if name > after)

    def content(self, key: str) -> bytes:
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError as error:
            raise BrokenEvidenceError(f"{key} is gone") from error


class ObjectComparison(NamedTuple):
    """Of the objects that the hours were verified by: how many are as they were read, and which are
    not. Those of records are compared by SHA-256. Of the unchanged ones, `by_checksum` are large
    prompts and completions that have S3's checksum, and `by_size` those of which S3 had none: their
    content may be another. `new` came after the hour was sealed."""

    unchanged: int
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    new: tuple[str, ...]
    by_checksum: int = 0
    by_size: int = 0

    @property
    def holds(self) -> bool:
        return not (self.changed or self.missing)


class OfflineReport(NamedTuple):
    """`stages` are account, Region and name of those that the hours are of. `others` is of the
    signatures beside those of hours. `broken` says which files that hours name are gone or changed,
    and which are none of the function's or of another stage. `objects` is None where the
    folder has no records of S3. `keys` are the public keys used;
    `from_folder`: they came with the evidence, so that they prove nothing until their fingerprint
    is compared."""

    coverage: Coverage
    signatures: SignatureCheck
    others: SignatureCheck
    broken: tuple[str, ...]
    objects: ObjectComparison | None
    records: RecordCheck
    keys: tuple[PublicKey, ...]
    from_folder: bool
    stages: tuple[str, ...] = ()

    @property
    def first_previous(self) -> str:
        """The last hash of the file before the first, which is not in the folder; empty where the
        chain begins here."""
        first = next(iter(self.coverage.files), None)
        return "" if first is None or first.previous == BEGINNING else first.previous

    @property
    def has_log_records(self) -> bool:
        """Whether the folder has records of CloudWatch Logs."""
        return self.records.files > 0

    @property
    def holds(self) -> bool:
        objects_hold = self.objects is None or self.objects.holds
        parts = (self.coverage, self.signatures, self.others, self.records)
        return all(part.holds for part in parts) and objects_hold and not self.broken

    def as_data(self) -> dict[str, Any]:
        return {
            **self.coverage.as_data(),
            "stages": list(self.stages),
            "previous": self.first_previous or None,
            "signatures": self.signatures.as_data(),
            "other_signatures": self.others.as_data(),
            "key_fingerprints": [key.fingerprint for key in self.keys],
            "key_from_folder": self.from_folder,
            "broken_files": list(self.broken),
            "objects": self.objects._asdict() if self.objects else None,
            "records": self.records._asdict(),
        }


def check_folder(folder: Path, public_keys: Sequence[Path]) -> OfflineReport:
    """Check the evidence under `folder` by public keys (PEM), else by those that lie beside it.

    Raises EvidenceError where there is no evidence, no key, or a file cannot be read."""
    evidence = EvidenceCopy(folder)
    try:
        keys = tuple({key.fingerprint: key for key in _keys(evidence, public_keys)}.values())
        span = _span(evidence, folder)
        coverage = cover(evidence, span, files_of=span, now=span.until, logged=None)
        linked = check_linked(evidence, coverage.files)
        signatures = check_signatures(evidence, coverage.files, keys)
        others = check_other_signatures(evidence, keys, linked.keys)
        lines, broken = _object_lines(evidence, coverage.files)
        has_records = (folder / RECORDS).is_dir()
        objects = _compare(evidence, folder, coverage.files, lines) if has_records else None
        records = check_records(evidence, coverage.files, partial(_read_copied, evidence))
        stages = _stages(coverage.files)
    except OSError as error:
        raise EvidenceError(f"{error.filename} cannot be read: {error.strerror}") from error
    return OfflineReport(
        coverage,
        signatures,
        others,
        (*_foreign(evidence), *linked.broken, *broken, *_mixed(stages)),
        objects,
        records,
        keys,
        from_folder=not public_keys,
        stages=stages,
    )


def _keys(evidence: EvidenceCopy, files: Sequence[Path]) -> Iterator[PublicKey]:
    contents = [(str(file), file.read_bytes()) for file in files]
    if not files:
        contents = [(name, evidence.content(name)) for name in evidence.listed(PUBLIC_KEYS)]
        if not contents:
            raise EvidenceError(
                f"The folder has no public key under {PUBLIC_KEYS}. Name one with --public-key."
            )
    for name, content in contents:
        try:
            yield PublicKey.from_pem(content)
        except NotAKeyError as error:
            raise EvidenceError(f"{name} is not a public key (PEM, elliptic curve).") from error


def _span(evidence: EvidenceCopy, folder: Path) -> Span:
    """Return the time from the first file of hours to the end of the last."""
    names = [name for name in evidence.listed(HOURLY) if is_of_hours(name, _ALWAYS)]
    if not names:
        raise EvidenceError(f"{folder} has no evidence under {HOURLY}.")
    since, last = begin_of(names[0]), begin_of(names[-1])
    try:
        return Span(since, evidence.read(names[-1]).until)
    except BrokenEvidenceError:
        return Span(since, start_of_hour(last) + HOUR)


def _stages(files: Sequence[SealedFile]) -> tuple[str, ...]:
    names = ("account", "region", "stage")
    firsts = (file.entries[0] for file in files)
    stages = {" ".join(str(first.get(name, "")) for name in names).strip() for first in firsts}
    return tuple(sorted(stages - {""}))


def _mixed(stages: Sequence[str]) -> list[str]:
    return [f"the hours are of different stages: {', '.join(stages)}"] if len(stages) > 1 else []


def _foreign(evidence: EvidenceCopy) -> list[str]:
    """Return what is wrong with the names of files among those of hours."""
    names = evidence.listed(HOURLY)
    return [
        f"{name} is no file that the function has sealed"
        for name in names
        if not is_of_hours(name, _ALWAYS)
    ]


def _object_lines(
    evidence: EvidenceCopy, files: Sequence[SealedFile]
) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    """Return what the hours say of each object, by its key: of an object of several hours what the
    last one says. Also return which of their lists are gone or do not hold."""
    lines: dict[str, Mapping[str, Any]] = {}
    broken: list[str] = []
    for named in (SealedList.of(file.entries[0].get("objects")) for file in files):
        if named is None:
            continue
        try:
            of_hour = list(named.lines(evidence))
        except BrokenEvidenceError as error:
            broken.append(str(error))
            continue
        lines |= {
            str(line["path"]).removeprefix("s3://").partition("/")[2]: line for line in of_hour
        }
    return lines, broken


def _key(path: str) -> str:
    """Return the key of an `s3://` path."""
    return path.removeprefix("s3://").partition("/")[2]


def _compare(
    evidence: EvidenceCopy,
    folder: Path,
    files: Sequence[SealedFile],
    lines: Mapping[str, Mapping[str, Any]],
) -> ObjectComparison:
    """Compare the copies of objects with what the hours say of them."""
    states = {key: _state(folder, key, line) for key, line in lines.items()}
    spans = [Span(file.since, file.until) for file in files if not file.because]
    new = [key for key in evidence.listed("") if key not in lines and _is_of(key, spans)]
    return ObjectComparison(
        unchanged=sum(state.startswith("unchanged") for state in states.values()),
        changed=tuple(key for key, state in states.items() if state == "changed"),
        missing=tuple(key for key, state in states.items() if state == "missing"),
        new=tuple(new),
        by_checksum=sum(state == "unchanged by checksum" for state in states.values()),
        by_size=sum(state == "unchanged by size" for state in states.values()),
    )


def _read_copied(
    evidence: EvidenceCopy, _: SealedFile, named: SealedList
) -> list[LineOfRecord] | None:
    """Return the lines of the records that a bundle has of an hour; None where it has none. What
    cannot be read is no record."""
    try:
        content = evidence.content(key_of_copy(named.key))
    except BrokenEvidenceError:
        return None
    lines: list[LineOfRecord] = []
    try:
        for line in gzip.decompress(content).splitlines():
            event = json.loads(line)
            lines.append(record_line(event, str(event["requestId"])))
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError):
        return lines
    return lines


def _state(folder: Path, key: str, line: Mapping[str, Any]) -> State:
    path = (folder / key).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return "missing"
    if path.stat().st_size != line["size"]:
        return "changed"
    if "sha256" not in line:
        return _state_of_body(path, str(line.get("checksum", "")))
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return "unchanged" if digest == line["sha256"] else "changed"


def _state_of_body(path: Path, checksum: str) -> State:
    """Return that of a large body of the right size."""
    is_same = matches(path.read_bytes(), checksum)
    if is_same is None:
        return "unchanged by size"
    return "unchanged by checksum" if is_same else "changed"


def _is_of(key: str, spans: Sequence[Span]) -> bool:
    """Return whether an object of records was begun within one of the spans."""
    at = begun_at(key) if RECORDS in key else None
    if at is None:
        return False
    moment = datetime.fromtimestamp(at, UTC)
    return any(span.since <= moment < span.until for span in spans)
