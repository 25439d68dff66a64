"""Evidence in a folder, checked with nothing but its files and a public key.

The folder is a copy of the stage's bucket, as `aws s3 sync s3://BUCKET FOLDER` makes it: evidence
under `evidence/`, records under `AWSLogs/` where they are to be compared too.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from claude_bedrock.cli.evidence.signature_check import (
    NotAKeyError,
    PublicKey,
    SignatureCheck,
    check_signatures,
)
from claude_bedrock.cli.verify.evidence_folder import EvidenceError
from claude_bedrock.records.object_name import begun_at
from claude_bedrock.verification.coverage import HOUR, Coverage, Span, cover, start_of_hour
from claude_bedrock.verification.evidence_bucket import (
    HOURLY,
    BrokenEvidenceError,
    EvidenceFiles,
    SealedFile,
    begin_of,
)
from claude_bedrock.verification.object_digests import read_objects
from claude_bedrock.verification.signatures import PUBLIC_KEYS

RECORDS: Final = "AWSLogs/"
State = Literal["unchanged", "changed", "missing"]


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
    not. Those of large prompts and completions are compared by size alone: S3 keeps another kind of
    checksum of them. `new` came after the hour was sealed."""

    unchanged: int
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not (self.changed or self.missing)


class OfflineReport(NamedTuple):
    """`objects` is None where the folder has no records. `keys` are the public keys used;
    `from_folder`: they came with the evidence, so that they prove nothing until their fingerprint
    is compared."""

    coverage: Coverage
    signatures: SignatureCheck
    objects: ObjectComparison | None
    keys: tuple[PublicKey, ...]
    from_folder: bool

    @property
    def holds(self) -> bool:
        objects_hold = self.objects is None or self.objects.holds
        return self.coverage.holds and self.signatures.holds and objects_hold

    def as_data(self) -> dict[str, Any]:
        return {
            **self.coverage.as_data(),
            "signatures": self.signatures.as_data(),
            "key_fingerprints": [key.fingerprint for key in self.keys],
            "key_from_folder": self.from_folder,
            "objects": self.objects._asdict() if self.objects else None,
        }


def check_folder(folder: Path, public_key: Path | None) -> OfflineReport:
    """Check the evidence under `folder` by a public key (PEM), else by those that lie beside it.

    Raises EvidenceError where there is no evidence, no key, or a file cannot be read."""
    evidence = EvidenceCopy(folder)
    try:
        keys = tuple(_keys(evidence, public_key))
        span = _span(evidence, folder)
        coverage = cover(evidence, span, files_of=span, now=span.until, logged=None)
        signatures = check_signatures(evidence, coverage.files, keys)
        has_records = (folder / RECORDS).is_dir()
        objects = _compare(evidence, folder, coverage.files) if has_records else None
    except OSError as error:
        raise EvidenceError(f"{error.filename} cannot be read: {error.strerror}") from error
    return OfflineReport(coverage, signatures, objects, keys, public_key is None)


def _keys(evidence: EvidenceCopy, file: Path | None) -> Iterator[PublicKey]:
    contents: Iterable[tuple[str, bytes]]
    if file is not None:
        contents = [(str(file), file.read_bytes())]
    else:
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
    names = list(evidence.listed(HOURLY))
    if not names:
        raise EvidenceError(f"{folder} has no evidence under {HOURLY}.")
    try:
        since, last = begin_of(names[0]), begin_of(names[-1])
    except BrokenEvidenceError as error:
        raise EvidenceError(f"{error}. Copy the bucket's evidence again.") from error
    try:
        return Span(since, evidence.read(names[-1]).until)
    except BrokenEvidenceError:
        return Span(since, start_of_hour(last) + HOUR)


def _compare(evidence: EvidenceCopy, folder: Path, files: Sequence[SealedFile]) -> ObjectComparison:
    """Compare the copies of objects with what the hours say of them, an object of several hours
    with what the last one says. A list of objects that is gone or does not hold is changed."""
    lines: dict[str, Mapping[str, Any]] = {}
    broken: list[str] = []
    for named in (file.entries[0].get("objects") for file in files):
        if isinstance(named, Mapping):
            try:
                lines.update(_lines_by_key(evidence, named))
            except BrokenEvidenceError:
                broken.append(named["key"])
    states = {key: _state(folder, key, line) for key, line in lines.items()}
    spans = [Span(file.since, file.until) for file in files if not file.because]
    new = [key for key in evidence.listed("") if key not in lines and _is_of(key, spans)]
    return ObjectComparison(
        unchanged=sum(state == "unchanged" for state in states.values()),
        changed=(*broken, *(key for key, state in states.items() if state == "changed")),
        missing=tuple(key for key, state in states.items() if state == "missing"),
        new=tuple(new),
    )


def _lines_by_key(evidence: EvidenceCopy, named: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the line of each object in the list that an hour names. Raises
    BrokenEvidenceError."""
    lines = read_objects(evidence.content(named["key"]), named["sha256"], named["key"])
    return {str(line["path"]).removeprefix("s3://").partition("/")[2]: line for line in lines}


def _state(folder: Path, key: str, line: Mapping[str, Any]) -> State:
    path = (folder / key).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return "missing"
    if path.stat().st_size != line["size"]:
        return "changed"
    if "sha256" not in line:
        return "unchanged"
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return "unchanged" if digest == line["sha256"] else "changed"


def _is_of(key: str, spans: Sequence[Span]) -> bool:
    """Return whether an object of records was begun within one of the spans."""
    at = begun_at(key) if RECORDS in key else None
    if at is None:
        return False
    moment = datetime.fromtimestamp(at, UTC)
    return any(span.since <= moment < span.until for span in spans)
