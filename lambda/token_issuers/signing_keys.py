"""An issuer's public keys, by OpenID Connect Discovery.

https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from token_issuers.errors import InvalidToken, IssuerUnavailable
from token_issuers.issuer_http import fetch_json

MAX_AGE: Final = 3600.0  # seconds after which the keys are read again
UNKNOWN_KEY_INTERVAL: Final = 60.0  # seconds between two reads for a key id that is not there
FAILURE_INTERVAL: Final = 5.0  # seconds after a failed read in which there is no other
_MAX_KEYS: Final = 100
_SIGNATURE_USES: Final = (None, "sig")

Fetch = Callable[[str], Mapping[str, Any]]


class SigningKey(NamedTuple):
    """`algorithm` is the only one that the issuer uses the key with, "" where it names none. `key`
    is one of cryptography's."""

    id: str
    algorithm: str
    key: Any


class SigningKeys:
    """The keys of the issuer at `url`, in this process. What a token says never decides what is
    fetched: discovery and keys come from the URL that the stage has."""

    def __init__(
        self, url: str, fetch: Fetch = fetch_json, clock: Callable[[], float] = time.time
    ) -> None:
        self._url = url
        self._fetch = fetch
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()
        self._fetched_at = self._attempted_at = float("-inf")

    def find(self, key_id: str | None, algorithm: str) -> list[SigningKey]:
        """Return the keys that a token with this header may be signed with, at least one.

        Keys that are there stay in use while the issuer is down. Raises InvalidToken where the
        issuer has no such key, and IssuerUnavailable where it could not be asked for any.
        """
        if self._clock() - self._fetched_at > MAX_AGE:
            self._refresh(FAILURE_INTERVAL if not self._keys else UNKNOWN_KEY_INTERVAL)
        keys = self._matching(key_id, algorithm)
        if not keys:
            self._refresh(UNKNOWN_KEY_INTERVAL)
            keys = self._matching(key_id, algorithm)
        if not keys:
            raise InvalidToken("its issuer has no such key")
        return keys

    def _matching(self, key_id: str | None, algorithm: str) -> list[SigningKey]:
        """A token of an issuer that has one key need not name it."""
        if key_id is None and len(self._keys) > 1:
            return []
        return [
            key
            for key in self._keys
            if key_id in (None, key.id) and key.algorithm in ("", algorithm)
        ]

    def _refresh(self, interval: float) -> None:
        """Read the keys, unless that was tried less than `interval` seconds ago. Raises
        IssuerUnavailable where there are no keys to go on with."""
        now = self._clock()
        if now - self._attempted_at >= interval:
            self._attempted_at = now
            try:
                self._keys = self._read()
                self._fetched_at = now
            except IssuerUnavailable as error:
                if not self._keys:
                    raise
                print(f"keys of {self._url} stay in use: {error}", flush=True)  # noqa: T201
        if not self._keys:
            raise IssuerUnavailable(f"the keys of {self._url} could not be read a moment ago")

    def _read(self) -> tuple[SigningKey, ...]:
        configuration = self._fetch(f"{self._url.rstrip('/')}/.well-known/openid-configuration")
        if configuration.get("issuer") != self._url:
            raise IssuerUnavailable(f"the discovery document of {self._url} names another issuer")
        keys_url = configuration.get("jwks_uri")
        if not isinstance(keys_url, str):
            raise IssuerUnavailable(f"the discovery document of {self._url} has no jwks_uri")
        listed = self._fetch(keys_url).get("keys")
        items = listed[:_MAX_KEYS] if isinstance(listed, list) else []
        keys = tuple(key for item in items if (key := _signing_key(item)) is not None)
        if not keys:
            raise IssuerUnavailable(f"{self._url} has no key that a token could be checked with")
        return keys


def _signing_key(item: object) -> SigningKey | None:
    """Return the key in a JSON Web Key; None for one that is symmetric, for encryption, or of a
    kind that is not known here: https://www.rfc-editor.org/rfc/rfc7517#section-4"""
    if not isinstance(item, dict) or item.get("kty") not in {"RSA", "EC", "OKP"}:
        return None
    if item.get("use") not in _SIGNATURE_USES:
        return None
    try:
        key = PyJWK({name: value for name, value in item.items() if name != "alg"}).key
    except (PyJWTError, ValueError, TypeError):
        return None
    return SigningKey(str(item.get("kid", "")), str(item.get("alg", "")), key)
