"""Whether sealed files carry the signature of the key that they claim.

This is the only module of the verification that needs the package `cryptography`; the function does
not import it, since KMS signs for it.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
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


class SignatureCheck(NamedTuple):
    """Of sealed files: `signed` is how many of them a valid signature covers, their own or that of
    a later file, which names their hash; `unsigned` are the others. `broken` says what is wrong,
    file by file. `made_by` is how many signatures each key has made, by its fingerprint."""

    signed: int
    unsigned: tuple[str, ...]
    broken: tuple[str, ...]
    made_by: Mapping[str, int] = MappingProxyType({})

    @property
    def holds(self) -> bool:
        return not self.broken

    def as_data(self) -> dict[str, Any]:
        return {
            "signed": self.signed,
            "unsigned": list(self.unsigned),
            "broken": list(self.broken),
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
    unsigned: list[str] = []
    uncovered: list[str] = []
    previous = ""
    for file in files:
        if file.previous != previous:
            unsigned, uncovered = [*unsigned, *uncovered], []
        previous = file.sha256
        heads = signatures.get(file.key, set())
        if heads - {file.sha256}:
            broken.append(f"{file.key} was signed with another content")
        uncovered = [] if file.sha256 in heads else [*uncovered, file.key]
    unsigned += uncovered
    return SignatureCheck(len(files) - len(unsigned), tuple(unsigned), tuple(broken), made_by)


def check_other_signatures(
    evidence: EvidenceFiles, keys: Sequence[PublicKey], linked: Collection[str]
) -> SignatureCheck:
    """Return what the signatures of all files beside the hours come to. `linked` are keys of those
    that a sealed hour names, which need none of their own."""
    names = evidence.listed(SIGNATURES)
    others = [name for name in names if not name.startswith(SIGNATURES_OF_HOURS)]
    signatures, broken, made_by = _read(evidence, keys, others)
    for key, hashes_signed in sorted(signatures.items()):
        try:
            sha256, _ = evidence.entries(key)
        except BrokenEvidenceError as error:
            broken.append(f"{error}, and was signed")
            continue
        if hashes_signed != {sha256}:
            broken.append(f"{key} was signed with another content")
    known = {*signatures, *linked}
    files = [key for folder in FOLDERS for key in evidence.listed(folder) if kind_of(key)]
    unsigned = tuple(key for key in files if key.endswith(".jsonl") and key not in known)
    return SignatureCheck(len(signatures), unsigned, tuple(broken), made_by)


def _read(
    evidence: EvidenceFiles, keys: Sequence[PublicKey], names: Sequence[str]
) -> tuple[dict[str, set[str]], list[str], Counter[str]]:
    """Return the hashes of files that the signatures of these names are of, by the file's name;
    what is no valid signature; and how many each key has made, by its fingerprint."""
    hashes_signed: dict[str, set[str]] = defaultdict(set)
    broken: list[str] = []
    made_by: Counter[str] = Counter()
    for name, signature in each_in_order(partial(_readable, evidence), names):
        if not isinstance(signature, Signature):
            broken.append(str(signature))
        elif signature.head.key != _signed(name):
            broken.append(f"{name} is of another file than its name says")
        elif signer := next((key for key in keys if key.has_signed(signature)), None):
            made_by[signer.fingerprint] += 1
            hashes_signed[signature.head.key].add(signature.head.sha256)
        else:
            broken.append(f"{name} was not made with the key")
    return hashes_signed, broken, made_by


def _readable(evidence: EvidenceFiles, name: str) -> Signature | BrokenEvidenceError:
    try:
        return Signature.read(evidence.content(name), name)
    except BrokenEvidenceError as error:
        return error


def _signed(name: str) -> str:
    """Return the name of the file that a signature of that name is of."""
    return f"{PREFIX}{name.removeprefix(SIGNATURES).rpartition('-')[0]}.jsonl"
