"""An OpenID provider on loopback at which one person is always signed in: authorization codes, with
an ID token for the client that `claude gateway` is.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT_ID = "benchmark"
_PERSON = {"sub": "person", "email": "person@example.com", "email_verified": True}
_LIFETIME_SECONDS = 3600
_ALGORITHM = "RS256"


class _Handler(BaseHTTPRequestHandler):
    server: _Provider

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        match address.path:
            case "/.well-known/openid-configuration":
                self._answer(self.server.metadata())
            case "/keys":
                public = RSAAlgorithm.to_jwk(self.server.key.public_key(), as_dict=True)
                self._answer({"keys": [{**public, "use": "sig", "alg": _ALGORITHM, "kid": "1"}]})
            case "/authorize":
                self._authorize(dict(parse_qsl(address.query)))
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        token = {"access_token": "unused", "token_type": "Bearer"}
        self._answer({**token, "expires_in": _LIFETIME_SECONDS, "id_token": self.server.id_token()})

    def log_message(self, *_: object) -> None:
        """Write nothing."""

    def _authorize(self, query: dict[str, str]) -> None:
        self.server.nonce = query["nonce"]
        answer = urlencode({"code": "1", "state": query["state"]})
        self.send_response(302)
        self.send_header("location", f"{query['redirect_uri']}?{answer}")
        self.send_header("content-length", "0")
        self.end_headers()

    def _answer(self, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Provider(ThreadingHTTPServer):
    """`nonce` is that of the latest sign-in."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.nonce = ""

    def metadata(self) -> dict[str, object]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [_ALGORITHM],
        }

    def id_token(self) -> str:
        now = int(time.time())
        times = {"iat": now, "exp": now + _LIFETIME_SECONDS}
        claims = {"iss": self.url, "aud": CLIENT_ID, "nonce": self.nonce, **times, **_PERSON}
        return jwt.encode(claims, self.key, _ALGORITHM, headers={"kid": "1"})


@contextmanager
def running() -> Iterator[str]:
    """Yield the issuer's URL."""
    with _Provider() as provider:
        threading.Thread(target=provider.serve_forever, args=[0.02], daemon=True).start()
        yield provider.url
        provider.shutdown()
