"""Only Amazon's authorities vouch for Bedrock, unless the environment names others."""

import hashlib
import re
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway import tls

PUBLISHED = {  # https://www.amazontls.com/repository/
    "Amazon Root CA 1": "fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2",
    "Amazon Root CA 2": "7f4296fc5b6a4e3b35d3c369623e364ab1af381d8fa7121533c9d6c633ea2461",
    "Amazon Root CA 3": "36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9",
    "Amazon Root CA 4": "f7ecded5c66047d28ed6466b543c40e0743abe81d109254dcf845d4c2c7853c5",
    "Starfield Services Root Certificate Authority - G2": (
        "2b071c59a0a0ae76b0eadb2bad23bad4580b69c3601b630c2eaf0613afa83f92"
    ),
}


def _names(context: ssl.SSLContext) -> set[str]:
    return {re.findall(r"commonName', '([^']+)", str(cert))[0] for cert in context.get_ca_certs()}


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # Starfield's is 0, and stays so
def test_the_keys_shipped_are_those_that_amazon_publishes() -> None:
    shipped = x509.load_pem_x509_certificates(Path(tls.AMAZON_ROOTS).read_bytes())
    assert {
        _common_name(certificate): _key_hash(certificate) for certificate in shipped
    } == PUBLISHED


def _common_name(certificate: x509.Certificate) -> str:
    (name,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(name.value)


def _key_hash(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    return hashlib.sha256(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()


def test_they_alone_are_trusted_and_their_answers_are_checked() -> None:
    context = tls.client_context({})
    assert _names(context) == set(PUBLISHED)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    trustme.CA(organization_name="Ours").cert_pem.write_to_path(path)
    return path


def test_a_file_in_the_environment_replaces_them(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    (only,) = tls.client_context().get_ca_certs()
    assert "Ours" in str(only)
