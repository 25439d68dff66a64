"""A file of evidence is written once, its hash is logged, and its head is signed."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

from claude_bedrock.verification.evidence_bucket import AlreadyVerifiedError, EvidenceBucket
from claude_bedrock.verification.hash_log import SealedHash, log_hash
from claude_bedrock.verification.hours import iso
from claude_bedrock.verification.signatures import (
    Head,
    Signature,
    key_of_public_key,
    key_of_signature,
)


class Signer(Protocol):
    """`claude_bedrock.verification.signatures.KmsSigner` is one."""

    key_id: str

    def sign(self, head: Head) -> Signature: ...
    def public_key(self) -> bytes: ...


class Seal:
    """Writes evidence into a bucket, each file behind one whose hash is `previous`."""

    def __init__(self, evidence: EvidenceBucket, signer: Signer) -> None:
        self._evidence = evidence
        self._signer = signer
        self._has_published = False

    def write(
        self,
        key: str,
        entries: Iterable[Mapping[str, Any]],
        previous: str,
        *,
        since: datetime,
        until: datetime,
    ) -> str:
        """Return the last hash of a new file, which is about the time from `since` to `until`.

        A file that KMS did not sign stays: the signature of the next one covers it, since it names
        its hash. Raises AlreadyVerifiedError, and botocore's errors."""
        sha256 = self._evidence.write(key, entries, previous)
        # After the file, whose name may be taken, and before the signature, which KMS may refuse:
        # each file that exists has its hash in the log.
        log_hash(SealedHash(self._evidence.name, key, sha256, iso(since), iso(until)))
        head = Head(
            self._evidence.name, self._signer.key_id, key, sha256, previous, iso(since), iso(until)
        )
        signature = self._signer.sign(head)
        self._evidence.put(key_of_signature(head), signature.content(), "application/json")
        self._publish_key()
        return sha256

    def _publish_key(self) -> None:
        """Put the public key beside the signatures, once."""
        if self._has_published:
            return
        key = key_of_public_key(self._signer.key_id)
        # Each new process tries, since it cannot know; the key is the same.
        with suppress(AlreadyVerifiedError):
            self._evidence.put(key, self._signer.public_key(), "application/x-pem-file")
        self._has_published = True
