"""Whether sealed files carry the signature of the key that they claim.

This is the only module of the verification that needs the package `cryptography`; the function does
not import it, since KMS signs for it.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.verification.evidence_bucket import (
    PREFIX,
    BrokenEvidenceError,
    EvidenceFiles,
    SealedFile,
)
from claude_bedrock.verification.hours import iso
from claude_bedrock.verification.linked_files import FOLDERS, kind_of
from claude_bedrock.verification.signatures import SIGNATURES, Signature

SIGNATURES_OF_HOURS: Final = f"{SIGNATURES}hours/"


class NotAKeyError(Exception):
    """These bytes are no public key of an elliptic curve, PEM."""


class PublicKey:
    """A public key of the curve P-256. `fingerprint` is the SHA-256 of its DER form, in hex."""

    def __init__(self, key: ec.EllipticCurvePublicKey) -> None:
        self._key = key
        der = key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.fingerprint = hashlib.sha256(der).hexdigest()

    @classmethod
    def from_pem(cls, content: bytes) -> Self:
        """Raises NotAKeyError."""
        return cls._loaded(serialization.load_pem_public_key, content)

    @classmethod
    def from_der(cls, content: bytes) -> Self:
        """Return the key that KMS answers GetPublicKey with. Raises NotAKeyError."""
        return cls._loaded(serialization.load_der_public_key, content)

    @classmethod
    def _loaded(cls, load: Callable[[bytes], object], content: bytes) -> Self:
        try:
            key = load(content)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise NotAKeyError from error
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise NotAKeyError
        return cls(key)

    def has_signed(self, signature: Signature) -> bool:
        """Return whether the key made this signature of this head."""
        try:
            message = signature.head.message()
            self._key.verify(signature.signature, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


class SignedSpan(NamedTuple):
    """Hours in a row, in so many files, that signatures of one key cover."""

    fingerprint: str
    since: datetime
    until: datetime
    files: int

    def as_data(self) -> dict[str, Any]:
        return {
            "public_key_sha256": self.fingerprint,
            "since": iso(self.since),
            "until": iso(self.until),
            "files": self.files,
        }


class SignatureCheck(NamedTuple):
    """Of sealed files: `signed` is how many of them a valid signature covers, their own or that of
    a later file, which names their hash; `unsigned` are the others. `broken` says what is wrong,
    file by file. `made_by` is how many signatures each key has made, by its fingerprint, `spans`
    which hours each of them covers."""

    signed: int
    unsigned: tuple[str, ...]
    broken: tuple[str, ...]
    made_by: Mapping[str, int] = MappingProxyType({})
    spans: tuple[SignedSpan, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.broken

    def as_data(self) -> dict[str, Any]:
        return {
            "signed": self.signed,
            "unsigned": list(self.unsigned),
            "broken": list(self.broken),
            "signed_by": [span.as_data() for span in self.spans],
        }


def check_signatures(
    evidence: EvidenceFiles,
    files: Sequence[SealedFile],
    keys: Sequence[PublicKey],
    *,
    is_expected: Callable[[str], bool] = lambda _: True,
) -> SignatureCheck:
    """Return what the signatures of `files` of hours, in order, come to by any of the keys.

    `is_expected` is whether a file of hours of that name has to be among `files`."""
    names = [name for name in evidence.listed(SIGNATURES_OF_HOURS) if is_expected(_signed(name))]
    signatures, broken, made_by = _read(evidence, keys, names)
    broken += [
        f"{name} was signed, and is gone"
        for name in sorted(signatures.keys() - {file.key for file in files})
    ]
    broken += [
        f"{file.key} was signed with another content"
        for file in files
        if signatures.get(file.key, {}).keys() - {file.sha256}
    ]
    signers = _signers(files, signatures)
    unsigned = tuple(file.key for file, signer in zip(files, signers, strict=True) if not signer)
    spans = tuple(_spans(files, signers))
    return SignatureCheck(len(files) - len(unsigned), unsigned, tuple(broken), made_by, spans)


def check_other_signatures(
    evidence: EvidenceFiles, keys: Sequence[PublicKey], linked: Collection[str]
) -> SignatureCheck:
    """Return what the signatures of all files beside the hours come to. `linked` are keys of those
    that a sealed hour names, which need none of their own."""
    names = evidence.listed(SIGNATURES)
    others = [name for name in names if not name.startswith(SIGNATURES_OF_HOURS)]
    signatures, broken, made_by = _read(evidence, keys, others)
    for key, signers in sorted(signatures.items()):
        try:
            sha256, _ = evidence.entries(key)
        except BrokenEvidenceError as error:
            broken.append(f"{error}, and was signed")
            continue
        if signers.keys() != {sha256}:
            broken.append(f"{key} was signed with another content")
    known = {*signatures, *linked}
    files = [key for folder in FOLDERS for key in evidence.listed(folder) if kind_of(key)]
    unsigned = tuple(key for key in files if key.endswith(".jsonl") and key not in known)
    return SignatureCheck(len(signatures), unsigned, tuple(broken), made_by)


def _signers(files: Sequence[SealedFile], signatures: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the fingerprint of the key that covers each of the files, empty where none does: that
    of its own signature, or of the next file's, which names its hash."""
    signers: list[str] = []
    follower, signer = None, ""
    for file in reversed(files):
        is_named = follower is not None and follower.previous == file.sha256
        signer = signatures.get(file.key, {}).get(file.sha256, signer if is_named else "")
        signers.append(signer)
        follower = file
    return signers[::-1]


def _spans(files: Sequence[SealedFile], signers: Sequence[str]) -> Iterator[SignedSpan]:
    for signer, group in groupby(zip(signers, files, strict=True), key=itemgetter(0)):
        of_signer = [file for _, file in group]
        if signer:
            yield SignedSpan(signer, of_signer[0].since, of_signer[-1].until, len(of_signer))


def _read(
    evidence: EvidenceFiles, keys: Sequence[PublicKey], names: Sequence[str]
) -> tuple[dict[str, dict[str, str]], list[str], Counter[str]]:
    """Return the hashes of files that the signatures of these names are of, each with the
    fingerprint of its key, by the file's name; what is no valid signature; and how many each key
    has made, by its fingerprint."""
    signatures: dict[str, dict[str, str]] = defaultdict(dict)
    broken: list[str] = []
    made_by: Counter[str] = Counter()
    for name, signature in each_in_order(partial(_readable, evidence), names):
        if not isinstance(signature, Signature):
            broken.append(str(signature))
        elif signature.head.key != _signed(name):
            broken.append(f"{name} is of another file than its name says")
        elif signer := next((key for key in keys if key.has_signed(signature)), None):
            made_by[signer.fingerprint] += 1
            signatures[signature.head.key][signature.head.sha256] = signer.fingerprint
        else:
            the_key = "the key" if len(keys) == 1 else f"any of the {len(keys):,} keys"
            broken.append(f"{name} was not made with {the_key}")
    return signatures, broken, made_by


def _readable(evidence: EvidenceFiles, name: str) -> Signature | BrokenEvidenceError:
    try:
        return Signature.read(evidence.content(name), name)
    except BrokenEvidenceError as error:
        return error


def _signed(name: str) -> str:
    """Return the name of the file that a signature of that name is of."""
    return f"{PREFIX}{name.removeprefix(SIGNATURES).rpartition('-')[0]}.jsonl"
