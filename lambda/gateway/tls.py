"""The TLS trust store for Bedrock: the authorities of Amazon, or those the environment names.

Amazon advises a store of one's own to hold all five of its roots:
https://www.amazontrust.com/repository/
"""

import os
import ssl
from collections.abc import Mapping
from typing import Final

AMAZON_ROOTS: Final = f"{os.path.dirname(__file__)}/amazon_roots.pem"  # noqa: PTH120 - a slow import
_OWN_AUTHORITIES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def client_context(environment: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """Return the TLS context of a client, which checks certificates and names.

    OpenSSL reads SSL_CERT_FILE and SSL_CERT_DIR itself, so `environment` only says whether to leave
    it to them: https://docs.openssl.org/3.0/man3/SSL_CTX_load_verify_locations/
    """
    has_own_authorities = any(environment.get(name) for name in _OWN_AUTHORITIES)
    return ssl.create_default_context(cafile=None if has_own_authorities else AMAZON_ROOTS)
