"""The local certificate authority: made anew for each run, trusted by whoever reads its file."""

import ssl
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "::1")


def server_context(ca_bundle: Path, client_certificate: Path | None = None) -> ssl.SSLContext:
    """TLS for NAMES with HTTP/2 and HTTP/1.1 on offer; writes the CA's certificate (PEM) to
    `ca_bundle`. The private keys never leave this process, but for ssl's own loading of them.

    With `client_certificate` it asks clients for a certificate of this CA, and writes such a one to
    that file, with its key."""
    authority = trustme.CA(organization_name="Claude on Bedrock, local mode")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2", "http/1.1"])
    authority.issue_cert(*NAMES).configure_cert(context)
    authority.cert_pem.write_to_path(str(ca_bundle))
    if client_certificate:
        context.verify_mode = ssl.CERT_OPTIONAL
        authority.configure_trust(context)
        client = authority.issue_cert(common_name="local client")
        client_certificate.unlink(missing_ok=True)
        client_certificate.touch(mode=0o600)
        client.private_key_and_cert_chain_pem.write_to_path(str(client_certificate))
    return context
