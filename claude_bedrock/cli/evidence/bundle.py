"""The evidence of a window as a folder that can be handed over: sealed hours and their signatures,
the objects that they rest on, audit entries, a public key, and a manifest."""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from claude_bedrock.cli.shared.deployment import Client, Deployment, NoTargetError
from claude_bedrock.cli.shared.record_sources import audit_lines_of
from claude_bedrock.cli.verify.evidence_folder import EvidenceError
from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.verification.coverage import iso
from claude_bedrock.verification.evidence_bucket import (
    HOURLY,
    BrokenEvidenceError,
    EvidenceBucket,
    before,
    begin_of,
)
from claude_bedrock.verification.object_digests import read_objects
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.signatures import (
    SIGNATURES,
    KmsSigner,
    key_of_public_key,
)

MANIFEST: Final = "SHA256SUMS"
INSTRUCTIONS: Final = "README.md"
AUDIT_ENTRIES: Final = "audit-entries.jsonl.gz"
_ABSENT: Final = frozenset({"NoSuchKey", "404"})


class Bundle(NamedTuple):
    """What was written: `missing` are keys of objects that are no longer in the bucket."""

    folder: Path
    hours: int
    objects: int
    audit_entries: int
    missing: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        return {**self._asdict(), "folder": str(self.folder), "missing": list(self.missing)}


def export(deployment: Deployment, period: Period, folder: Path, *, with_records: bool) -> Bundle:
    """Write the bundle into a new folder.

    Raises NoTargetError, EvidenceError where the window has no evidence, and botocore's errors."""
    outputs = deployment.outputs("InvocationLogging")
    if "SigningKeyArn" not in outputs:
        stack = deployment.stack("InvocationLogging")
        raise NoTargetError(f"{stack} was deployed by an older version. Deploy it again.")
    s3 = deployment.client("s3")
    evidence = EvidenceBucket(s3, outputs["EvidenceBucketName"])
    files = _Files(folder)
    hours = list(_hours(evidence, period))
    if not hours:
        raise EvidenceError("No hour of the window is sealed.")
    paths = {path for hour in hours for path in _copy_hour(evidence, hour, files)}
    signer = KmsSigner(deployment.client("kms"), outputs["SigningKeyArn"])
    files.write(key_of_public_key(signer.key_id), signer.public_key())
    missing = _copy_objects(s3, sorted(paths), files) if with_records else ()
    entries = _copy_audit_entries(deployment, period, files)
    files.write(INSTRUCTIONS, _instructions(deployment, period, with_records=with_records))
    files.write_manifest()
    return Bundle(folder, len(hours), len(paths) * with_records - len(missing), entries, missing)


class _Files:
    """The files under a folder, and the SHA-256 of each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digests: dict[str, str] = {}

    def write(self, name: str, content: bytes) -> None:
        """Write a file. Raises EvidenceError."""
        if ".." in PurePosixPath(name).parts:
            raise EvidenceError(f"{name} is no key of Bedrock's.")
        file = self._folder / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        except OSError as error:
            raise EvidenceError(f"{file} cannot be written: {error.strerror}") from error
        self._digests[name] = hashlib.sha256(content).hexdigest()

    def write_manifest(self) -> None:
        """Write the manifest, in the form that `sha256sum --check` reads."""
        lines = (f"{digest}  {name}\n" for name, digest in sorted(self._digests.items()))
        self.write(MANIFEST, "".join(lines).encode())


def _hours(evidence: EvidenceBucket, period: Period) -> Iterator[str]:
    """Yield the names of the files of hours that begin in the window."""
    for key in evidence.listed(HOURLY, before(period.since)):
        if begin_of(key) >= period.until:
            return
        yield key


def _copy_hour(evidence: EvidenceBucket, key: str, files: _Files) -> Iterator[str]:
    """Copy the file of an hour, its signatures, its list of objects and the acceptances it names;
    yield the `s3://` paths of the objects. What does not hold is copied as it is."""
    files.write(key, evidence.content(key))
    name = key.removeprefix("evidence/").removesuffix(".jsonl")
    for signature in evidence.listed(f"{SIGNATURES}{name}-"):
        files.write(signature, evidence.content(signature))
    try:
        _, entries = evidence.entries(key)
        for entry in entries:
            if entry.get("kind") == "disposition":
                files.write(str(entry["key"]), evidence.content(str(entry["key"])))
        named = entries[0].get("objects")
        if isinstance(named, Mapping):
            content = evidence.content(named["key"])
            files.write(named["key"], content)
            for line in read_objects(content, named["sha256"], named["key"]):
                yield str(line["path"])
    except BrokenEvidenceError:
        return


def _copy_objects(s3: Client, paths: Sequence[str], files: _Files) -> tuple[str, ...]:
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
    """Return the bytes of an object; None where it is gone."""
    bucket, _, key = path.removeprefix("s3://").partition("/")
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return None
        raise
    return body


def _copy_audit_entries(deployment: Deployment, period: Period, files: _Files) -> int:
    """Copy the audit entries that were written in the window, as gzip of JSON Lines."""
    lines = [
        json.dumps({"source": item.source, "written_at": item.at, "audit": item.content})
        for item in audit_lines_of(deployment, period.since, period.until, Fingerprint())
    ]
    files.write(AUDIT_ENTRIES, gzip.compress("\n".join([*lines, ""]).encode(), mtime=0))
    return len(lines)


def _instructions(deployment: Deployment, period: Period, *, with_records: bool) -> bytes:
    records = (
        "`AWSLogs/` and what lies beside it: the objects in S3 that the hours were verified by, as "
        "Bedrock wrote them. They hold prompts and completions."
        if with_records
        else "The objects with prompts and completions were left out."
    )
    return _TEMPLATE.format(
        stage=deployment.stage,
        region=deployment.region,
        since=iso(period.since),
        until=iso(period.until),
        records=records,
    ).encode()


_TEMPLATE: Final = """# Evidence of stage {stage} in {region}, {since} to {until}

- `evidence/hours/`: what the verification of each hour found. Each file begins with the last hash
  of the one before.
- `evidence/signatures/`: KMS's signature of each file; `evidence/public-keys/`: the key to check
  it with.
- `evidence/objects/`: size and SHA-256 of each object that an hour was verified by.
- {records}
- `audit-entries.jsonl.gz`: what the gateway logged of each call; no prompts.

## Check it

1. `sha256sum --check SHA256SUMS` shows that the bundle is as it was written.
2. `claude-bedrock evidence verify .` checks hashes, signatures and objects, without AWS. It prints
   the SHA-256 of the public key.
3. Compare that SHA-256 with the one in an audit report, or with that of the key that KMS returns.

Without `claude-bedrock`, check one signature with jq and openssl:

    jq -cjS .head SIGNATURE.json > head.json
    jq -r .signature SIGNATURE.json | base64 -d > signature.der
    openssl dgst -sha256 -verify evidence/public-keys/KEY.pem -signature signature.der head.json
"""
