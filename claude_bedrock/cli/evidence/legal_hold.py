"""Legal holds on object versions: placed, resumed and released, each with sealed entries."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from claude_bedrock.cli.evidence.archive_hold import ArchiveOutcome, open_archive
from claude_bedrock.cli.evidence.hold_selection import Scope, Selection
from claude_bedrock.cli.evidence.object_versions import (
    EvidenceVersions,
    ObjectVersion,
    list_versions,
)
from claude_bedrock.cli.evidence.version_hold import (
    NO_LOCK,
    OFF,
    ON,
    HoldError,
    Status,
    put_hold,
)
from claude_bedrock.cli.shared.deployment import Client, Deployment
from claude_bedrock.cli.verify.verification_function import invoke_verification
from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.verification.digest_list import DigestList
from claude_bedrock.verification.evidence_bucket import (
    PREFIX,
    BrokenEvidenceError,
    EvidenceBucket,
)
from claude_bedrock.verification.hours import iso
from claude_bedrock.verification.legal_holds import (
    Action,
    ArchiveHold,
    LegalHold,
    hold_entries,
    key_of_list,
)
from claude_bedrock.verification.signatures import PUBLIC_KEYS, SIGNATURES

Progress = Callable[[int], None]
"""Takes how many versions are done."""


class Outcome(NamedTuple):
    """Of the hold `id`: how many versions are as they were to be, and which are not, each with
    AWS's code. `kept` are those that another hold still holds. `archive` is the same of the
    archive, where it was asked; `skipped_archive` what it was at the last attempt, where that has
    to change and this attempt did not ask it."""

    id: str
    versions: int
    failed: tuple[tuple[ObjectVersion, str], ...]
    kept: int = 0
    archive: ArchiveOutcome | None = None
    skipped_archive: ArchiveHold | None = None

    @property
    def is_complete(self) -> bool:
        in_archive = self.archive is None or not self.archive.failed
        return not self.failed and in_archive and self.skipped_archive is None

    def as_data(self) -> dict[str, Any]:
        failed = [{**version._asdict(), "code": code} for version, code in self.failed]
        return {
            "id": self.id,
            "versions": self.versions,
            "failed": failed,
            "kept": self.kept,
            "archive": self.archive.as_data() if self.archive else None,
            "skipped_archive": self.skipped_archive._asdict() if self.skipped_archive else None,
        }


class Holder:
    """Holds and releases versions in the bucket of a stage, in the caller's own name; and in its
    archive, in that of an AWS profile (`archive_profile`)."""

    def __init__(
        self, deployment: Deployment, progress: Progress, archive_profile: str | None = None
    ) -> None:
        self._deployment = deployment
        self._progress = progress
        self._s3: Client = deployment.client("s3")
        self._bucket = bucket_of(deployment)
        self.evidence = EvidenceVersions(self._s3, self._bucket)
        self._archive = (
            open_archive(deployment, self._bucket, archive_profile) if archive_profile else None
        )

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
        outcome = self._hold(hold.id, list(self._versions(hold)))
        if self._archive is None and hold.archive and hold.archive.failed:
            return outcome._replace(skipped_archive=hold.archive)
        return outcome

    def release(self, hold: LegalHold, others: Sequence[LegalHold], reason: str) -> Outcome:
        """Release what the hold lists, but for what `others` hold, which need the public keys too.
        Raises as `place`."""
        if hold.state == "released":
            raise HoldError(f"The hold {hold.id} was released at {hold.released_at}.")
        versions = self._own(hold, others)
        if hold.state != "releasing":
            fields = {"reason": reason, "versions": len(versions)}
            self._seal(hold.id, "release", fields, stays=False)
        failed = self._set_all(OFF, versions)
        archive = None
        if self._archive:
            in_archive = [other for other in others if other.archive]
            archive = self._archive.set_all(OFF, self._own(hold, in_archive))
        self._seal_result(hold.id, "released", versions, failed, archive, stays=False)
        outcome = Outcome(
            *(hold.id, len(versions) - len(failed), failed, hold.versions - len(versions)),
            archive=archive,
            skipped_archive=None if archive else hold.archive,
        )
        if outcome.is_complete:
            entries = hold_entries(self.evidence, None)
            keys = [key for key, entry in entries if entry["id"] == hold.id]
            keys += [hold.listing.key, *([] if others else [PUBLIC_KEYS])]
            self._set_all(OFF, list(self._files(keys)))
        return outcome

    def _own(self, hold: LegalHold, others: Sequence[LegalHold]) -> list[ObjectVersion]:
        """Return what the hold alone holds: the public keys are of all. Raises HoldError."""
        held_by_others = {version for other in others for version in self._versions(other)}
        return [
            version
            for version in self._versions(hold)
            if version not in held_by_others
            and not (others and version.key.startswith(PUBLIC_KEYS))
        ]

    def _hold(self, hold_id: str, versions: Sequence[ObjectVersion]) -> Outcome:
        failed = self._set_all(ON, versions)
        archive = self._archive.set_all(ON, versions) if self._archive else None
        self._seal_result(hold_id, "held", versions, failed, archive)
        return Outcome(hold_id, len(versions) - len(failed), failed, archive=archive)

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

    def _seal_result(
        self,
        hold_id: str,
        action: Action,
        versions: Sequence[ObjectVersion],
        failed: Sequence[object],
        archive: ArchiveOutcome | None,
        *,
        stays: bool = True,
    ) -> None:
        """Have it sealed how many versions are as they were to be, here and in the archive."""
        counts = {"versions": len(versions) - len(failed), "failed": len(failed)}
        of_archive = {"archive": archive.as_entry()} if archive else {}
        entry = self._seal(hold_id, action, {**counts, **of_archive}, stays=stays)
        if archive and "archive" not in entry:
            raise HoldError(
                f"The stage's function has not sealed what the archive {archive.bucket} holds: it "
                "is of an older version. Deploy the stage, and run the command again."
            )

    def _seal(
        self, hold_id: str, action: Action, fields: Mapping[str, Any], *, stays: bool = True
    ) -> Mapping[str, Any]:
        """Have the verification function seal an entry, and hold the entry itself if it `stays`.
        Return the entry."""
        by = self._deployment.client("sts").get_caller_identity()["Arn"]
        event = {"action": action, "id": hold_id, "by": by, **fields}
        answer = invoke_verification(self._deployment, {"record_hold": event})
        if stays:
            self._hold_files([answer["evidence"]["key"], PUBLIC_KEYS])
        entry: Mapping[str, Any] = answer["hold"]
        return entry

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
        put_hold(self._s3, self._bucket, version, status)


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
        if error.response["Error"]["Code"] not in NO_LOCK:
            raise
        raise HoldError(
            "The stage's bucket has no Object Lock, which S3's legal holds need. Set "
            "logging.object_lock and deploy: docs/deploy.md, Locked records, says what becomes of "
            "a bucket that is there."
        ) from error
    return bucket
