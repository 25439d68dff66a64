"""A signer with a key of its own, in the place of KMS."""

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from claude_bedrock.verification.signatures import Head, Signature


class LocalSigner:
    """Signs as KMS does with a key of the curve P-256."""

    def __init__(self) -> None:
        self.key_id = "11111111-2222-3333-4444-555555555555"
        self._key = ec.generate_private_key(ec.SECP256R1())

    def sign(self, head: Head) -> Signature:
        signature = self._key.sign(head.message(), ec.ECDSA(hashes.SHA256()))
        return Signature(head, signature)

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
