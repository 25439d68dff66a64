"""TLS to the endpoint: the authorities that a command trusts, and the certificate that it
presents."""

import os
import ssl
from typing import Final

from claude_bedrock.cli.shared.deployment import NoTargetError

CERTIFICATE: Final = "CLAUDE_BEDROCK_CLIENT_CERT"
KEY: Final = "CLAUDE_BEDROCK_CLIENT_KEY"


def tls_context(ca_bundle: str | None, client_certificate: str | None = None) -> ssl.SSLContext:
    """Return the context of a connection to the endpoint. Raises NoTargetError where a file cannot
    be used.

    `ca_bundle` is a file of authorities to trust, None for the system's. `client_certificate` is a
    PEM file with chain and key, for which the variables of this module are preferred."""
    context = _trusting(ca_bundle)
    named = os.environ.get(CERTIFICATE)
    certificate = named or client_certificate
    if certificate:
        try:
            context.load_cert_chain(certificate, (os.environ.get(KEY) or None) if named else None)
        except (OSError, ValueError) as error:
            raise NoTargetError(
                f"{certificate} with its key is no client certificate. Set {CERTIFICATE} to the "
                f"certificate with its chain as PEM, and {KEY} to its key, if that file lacks it."
            ) from error
    return context


def _trusting(ca_bundle: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except OSError as error:
        raise NoTargetError(
            f"{ca_bundle} holds no certificate. Start local mode again with `make local`."
        ) from error
