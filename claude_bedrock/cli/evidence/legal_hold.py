"""Legal holds on object versions: placed, resumed and released, each with sealed entries."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from claude_bedrock.cli.evidence.hold_selection import Scope, Selection
from claude_bedrock.cli.evidence.object_versions import (
    EvidenceVersions,
    ObjectVersion,
    list_versions,
)
from claude_bedrock.cli.shared.deployment import Client, Deployment
from claude_bedrock.cli.shared.errors import CliError
from claude_bedrock.cli.verify.verification_function import invoke_verification
from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.verification.coverage import iso
from claude_bedrock.verification.digest_list import DigestList
from claude_bedrock.verification.evidence_bucket import (
    PREFIX,
    BrokenEvidenceError,
    EvidenceBucket,
)
from claude_bedrock.verification.legal_holds import LegalHold, hold_entries, key_of_list
from claude_bedrock.verification.signatures import PUBLIC_KEYS, SIGNATURES

_NO_LOCK: Final = frozenset({"ObjectLockConfigurationNotFoundError", "InvalidRequest"})
Status = str
ON: Final[Status] = "ON"
OFF: Final[Status] = "OFF"
Progress = Callable[[int], None]
"""Takes how many versions are done."""


class HoldError(CliError):
    """A hold cannot be placed or released; the text says why, and what to do."""


class Outcome(NamedTuple):
    """Of the hold `id`: how many versions are as they were to be, and which are not, each with
    AWS's code. `kept` are those that another hold still holds."""

    id: str
    versions: int
    failed: tuple[tuple[ObjectVersion, str], ...]
    kept: int = 0

    def as_data(self) -> dict[str, Any]:
        failed = [{**version._asdict(), "code": code} for version, code in self.failed]
        return {"id": self.id, "versions": self.versions, "failed": failed, "kept": self.kept}


class Holder:
    """Holds and releases versions in the bucket of a stage, in the caller's own name."""

    def __init__(self, deployment: Deployment, progress: Progress) -> None:
        self._deployment = deployment
        self._progress = progress
        self._s3: Client = deployment.client("s3")
        self._bucket = bucket_of(deployment)
        self.evidence = EvidenceVersions(self._s3, self._bucket)

    def place(self, scope: Scope, selection: Selection, reason: str) -> Outcome:
        """Hold what was selected. Raises HoldError, EvidenceError and botocore's errors."""
        hold_id = secrets.token_hex(6)
        sha256 = self._write_list(hold_id, selection.versions)
        key = key_of_list(hold_id)
        self._hold_files([key])  # before anything is sealed: who may not hold is refused here
        fields = {
            "sha256": sha256,
            "caller": scope.caller,
            "since": iso(scope.since),
            "until": iso(scope.until),
            "reason": reason,
            "versions": len(selection.versions),
        }
        self._seal(hold_id, "hold", fields)
        return self._hold(hold_id, selection.versions)

    def resume(self, hold: LegalHold) -> Outcome:
        """Hold again all that the hold lists. Raises as `place`."""
        if hold.state in {"releasing", "released"}:
            raise HoldError(f"The hold {hold.id} is {hold.state}. Place another one.")
        return self._hold(hold.id, list(self._versions(hold)))

    def release(self, hold: LegalHold, others: Sequence[LegalHold], reason: str) -> Outcome:
        """Release what the hold lists, but for what `others` hold, which need the public keys too.
        Raises as `place`."""
        if hold.state == "released":
            raise HoldError(f"The hold {hold.id} was released at {hold.released_at}.")
        held_by_others = {version for other in others for version in self._versions(other)}
        versions = [
            version
            for version in self._versions(hold)
            if version not in held_by_others
            and not (others and version.key.startswith(PUBLIC_KEYS))
        ]
        if hold.state != "releasing":
            fields = {"reason": reason, "versions": len(versions)}
            self._seal(hold.id, "release", fields, stays=False)
        failed = self._set_all(OFF, versions)
        kept = hold.versions - len(versions)
        counts = {"versions": len(versions) - len(failed), "failed": len(failed)}
        self._seal(hold.id, "released", counts, stays=False)
        if not failed:
            entries = hold_entries(self.evidence, None)
            keys = [key for key, entry in entries if entry["id"] == hold.id]
            keys += [hold.listing.key, *([] if others else [PUBLIC_KEYS])]
            self._set_all(OFF, list(self._files(keys)))
        return Outcome(hold.id, len(versions) - len(failed), failed, kept)

    def _hold(self, hold_id: str, versions: Sequence[ObjectVersion]) -> Outcome:
        failed = self._set_all(ON, versions)
        counts = {"versions": len(versions) - len(failed), "failed": len(failed)}
        self._seal(hold_id, "held", counts)
        return Outcome(hold_id, len(versions) - len(failed), failed)

    def _write_list(self, hold_id: str, versions: Sequence[ObjectVersion]) -> str:
        with closing(DigestList()) as lines:
            for version in versions:
                lines.add(version._asdict())
            content, about = lines.finish({"versions": len(versions)})
            evidence = EvidenceBucket(self._s3, self._bucket)
            evidence.put(key_of_list(hold_id), content, "application/gzip")
        return str(about["sha256"])

    def _versions(self, hold: LegalHold) -> Iterator[ObjectVersion]:
        """Yield what a hold lists. Raises HoldError."""
        try:
            for line in hold.listing.lines(self.evidence):
                yield ObjectVersion(str(line["key"]), str(line["version"]))
        except BrokenEvidenceError as error:
            raise HoldError(f"The list of the hold {hold.id} does not hold: {error}.") from error

    def _seal(
        self, hold_id: str, action: str, fields: Mapping[str, Any], *, stays: bool = True
    ) -> None:
        """Have the verification function seal an entry, and hold the entry itself if it `stays`."""
        by = self._deployment.client("sts").get_caller_identity()["Arn"]
        event = {"action": action, "id": hold_id, "by": by, **fields}
        answer = invoke_verification(self._deployment, {"record_hold": event})
        if stays:
            self._hold_files([answer["evidence"]["key"], PUBLIC_KEYS])

    def _hold_files(self, keys: Sequence[str]) -> None:
        """Hold files of evidence and their signatures. Raises HoldError, and botocore's errors."""
        for version in self._files(keys):
            self._put(ON, version)

    def _files(self, keys: Sequence[str]) -> Iterator[ObjectVersion]:
        for key in keys:
            signature = f"{SIGNATURES}{key.removeprefix(PREFIX).removesuffix('.jsonl')}-"
            for prefix in (key, signature):
                for item in list_versions(self._s3, self._bucket, prefix):
                    yield ObjectVersion(item["Key"], item["VersionId"])

    def _set_all(
        self, status: Status, versions: Sequence[ObjectVersion]
    ) -> tuple[tuple[ObjectVersion, str], ...]:
        """Return the versions that S3 refused, each with its code."""
        failed = []
        for number, (version, code) in enumerate(
            each_in_order(partial(self._try, status), versions), 1
        ):
            if code:
                failed.append((version, code))
            self._progress(number)
        return tuple(failed)

    def _try(self, status: Status, version: ObjectVersion) -> str:
        """Return AWS's code of a refusal; empty where there is none."""
        try:
            self._put(status, version)
        except ClientError as error:
            return str(error.response["Error"].get("Code", "unknown"))
        return ""

    def _put(self, status: Status, version: ObjectVersion) -> None:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html"""
        self._s3.put_object_legal_hold(
            Bucket=self._bucket,
            Key=version.key,
            VersionId=version.version,
            LegalHold={"Status": status},
            ChecksumAlgorithm="SHA256",
        )


def bucket_of(deployment: Deployment) -> str:
    """Return the bucket of the stage's records and evidence, on which holds can be placed. Raises
    HoldError, NoTargetError and botocore's errors."""
    outputs = deployment.outputs("InvocationLogging")
    bucket = outputs.get("EvidenceBucketName", "")
    if outputs["LogBucketName"] != bucket:
        raise HoldError(
            "The stage records into another team's bucket, whose owner holds its objects: "
            "docs/deploy.md, Another team's logging."
        )
    try:
        deployment.client("s3").get_object_lock_configuration(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NO_LOCK:
            raise
        raise HoldError(
            "The stage's bucket has no Object Lock, which S3's legal holds need. Set "
            "logging.object_lock and deploy: docs/deploy.md, Locked records, says what becomes of "
            "a bucket that is there."
        ) from error
    return bucket
