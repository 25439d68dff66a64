"""An OpenID Connect issuer on this machine, as far as who checks its tokens needs one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "claude-on-bedrock"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
EC_384_KEY = ec.generate_private_key(ec.SECP384R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
PRIVATE_KEYS: dict[str, Any] = {"rsa": RSA_KEY, "ec": EC_KEY, "ec-384": EC_384_KEY, "ed": ED_KEY}


def public_jwk(key: Any, **members: str) -> dict[str, Any]:  # noqa: ANN401 - one of cryptography's
    """The public key as a JSON Web Key with other members."""
    public = key.public_key()
    algorithm: Any = (
        RSAAlgorithm
        if isinstance(key, rsa.RSAPrivateKey)
        else OKPAlgorithm
        if isinstance(key, ed25519.Ed25519PrivateKey)
        else ECAlgorithm
    )
    return {**algorithm.to_jwk(public, as_dict=True), **members}


class LocalIssuer:
    """`url` is the issuer's, `paths` what was asked of it. `status`, `delay` and `documents` may be
    set: what it answers with, after how many seconds, and a document in place of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys = [public_jwk(key, kid=name, use="sig") for name, key in PRIVATE_KEYS.items()]
        self.paths: list[str] = []
        self.status = 200
        self.delay = 0.0
        self.headers: Mapping[str, str] = {}
        self.documents: dict[str, object] = {}

    def document(self, path: str) -> object:
        match path:
            case _ if path in self.documents:
                return self.documents[path]
            case "/.well-known/openid-configuration":
                return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
            case "/keys":
                return {"keys": self.keys}
            case _:
                return None

    def claims(self, **changes: object) -> dict[str, Any]:
        """The claims of a good token; a change to None takes one out."""
        now = int(time.time())
        times = {"iat": now, "nbf": now, "exp": now + 600}
        names = {"iss": self.url, "aud": AUDIENCE, "sub": "ada@example.com"}
        claims: dict[str, object] = {**names, **times, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self,
        algorithm: str = "RS256",
        kid: str | None = "rsa",
        header: Mapping[str, object] | None = None,
        **changes: object,
    ) -> str:
        """A token signed by the private key `kid`, else by the RSA key; PyJWT checks no claim."""
        headers = {**({} if kid is None else {"kid": kid}), **(header or {})}
        key = PRIVATE_KEYS.get(kid or "rsa", RSA_KEY)
        payload = json.dumps(self.claims(**changes)).encode()
        token: str = jwt.PyJWS().encode(payload, key, algorithm, headers=headers)
        return token


@contextmanager
def local_issuer() -> Iterator[LocalIssuer]:
    """An issuer on a free port of 127.0.0.1, over HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.paths.append(self.path)
            time.sleep(issuer.delay)
            document = issuer.document(self.path)
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(issuer.status)
            for name, value in issuer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that no longer waits is what a slow issuer meets."""

    with Server(("127.0.0.1", 0), Handler) as server:
        issuer = LocalIssuer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
