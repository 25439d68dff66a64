"""The signatures of sealed files: each states that the verification function sealed a file of that
name with that last hash, behind the file with the hash `previous`.

CloudTrail's digest files are the model:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html
"""

import base64
import hashlib
import json
from typing import Any, Final, NamedTuple, Self

from claude_bedrock.verification.evidence_bucket import PREFIX, BrokenEvidenceError

SIGNATURES: Final = f"{PREFIX}signatures/"
PUBLIC_KEYS: Final = f"{PREFIX}public-keys/"
ALGORITHM: Final = "ECDSA_SHA_256"
"""KMS's name for ECDSA with SHA-256; the key is of the curve P-256."""


class Head(NamedTuple):
    """The end of a sealed file: its name in the bucket, its last hash and that of the file before.
    `since` and `until` are ISO 8601, `key_id` names the KMS key that signs."""

    bucket: str
    key_id: str
    key: str
    sha256: str
    previous: str
    since: str
    until: str

    def message(self) -> bytes:
        """Return the bytes that are signed: JSON with sorted names, without spaces, in ASCII."""
        return json.dumps(self._asdict(), sort_keys=True, separators=(",", ":")).encode()

    def digest(self) -> bytes:
        return hashlib.sha256(self.message()).digest()


class Signature(NamedTuple):
    """`signature` is ASN.1 DER, of the SHA-256 of the head's message."""

    head: Head
    signature: bytes

    def content(self) -> bytes:
        """Return the file of the signature."""
        fields = {
            "head": self.head._asdict(),
            "algorithm": ALGORITHM,
            "signature": base64.b64encode(self.signature).decode(),
        }
        return json.dumps(fields, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def read(cls, content: bytes, name: str) -> Self:
        """Return the signature in a file. Raises BrokenEvidenceError where it has none."""
        try:
            fields = json.loads(content)
            values = {field: fields["head"][field] for field in Head._fields}
            signature = base64.b64decode(fields["signature"], validate=True)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BrokenEvidenceError(f"{name} is not a signature") from error
        read = cls(Head(**values), signature)
        if read.content() != content:
            raise BrokenEvidenceError(f"{name} is not what was written")
        return read


class KmsSigner:
    """Signs with the asymmetric key `key_id`, through boto3's client of KMS."""

    def __init__(self, kms: Any, key_id: str) -> None:  # noqa: ANN401 - made at run time
        self._kms = kms
        self.key_id = key_id

    def sign(self, head: Head) -> Signature:
        """Return the signature of a head that names this key. Raises botocore's errors.

        https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html"""
        signed = self._kms.sign(
            KeyId=head.key_id,
            Message=head.digest(),
            MessageType="DIGEST",
            SigningAlgorithm=ALGORITHM,
        )
        return Signature(head, signed["Signature"])

    def public_key(self) -> bytes:
        """Return the public key, PEM. Raises botocore's errors."""
        der = base64.b64encode(self._kms.get_public_key(KeyId=self.key_id)["PublicKey"]).decode()
        lines = "\n".join(der[start : start + 64] for start in range(0, len(der), 64))
        return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n".encode()


def key_of_signature(head: Head) -> str:
    """Return the name of the file of a signature. It holds the hash, so that nobody can take the
    name before the file is sealed."""
    name = head.key.removeprefix(PREFIX).removesuffix(".jsonl")
    return f"{SIGNATURES}{name}-{head.sha256[:16]}.json"


def key_of_public_key(key_id: str) -> str:
    """Return the name of the file of a public key, PEM."""
    return f"{PUBLIC_KEYS}{key_id.rpartition('/')[2]}.pem"
