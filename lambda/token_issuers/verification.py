"""The verification of a token: of one of the stage's issuers, unaltered and in force."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jwt

from token_issuers.errors import InvalidToken
from token_issuers.issuer import TokenIssuer
from token_issuers.signing_keys import SigningKeys

# Signatures by a private key alone: never "none", nor HS256, whose key would be the public one.
# https://www.rfc-editor.org/rfc/rfc8725#section-3.1
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"),
)
SKEW_SECONDS: Final = 60
MAX_CHARACTERS: Final = 8192  # API Gateway takes 20,480 bytes of headers
MAX_KEY_ID_CHARACTERS: Final = 256
_REQUIRED: Final = ["exp", "iss", "aud"]
_TIMES: Final = ("exp", "nbf", "iat")

KeysOf = Callable[[TokenIssuer], SigningKeys]


def verify(
    token: str, issuers: Sequence[TokenIssuer], keys_of: KeysOf
) -> tuple[TokenIssuer, Mapping[str, Any]]:
    """Return the issuer and the claims of `token`.

    The claims are checked before the signature, too, so that a token which is wrong anyway costs
    no request to the issuer. Raises InvalidToken and IssuerUnavailable.
    """
    if len(token) > MAX_CHARACTERS:
        raise InvalidToken("it is too long")
    header = _decoded(lambda: jwt.get_unverified_header(token))
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise InvalidToken("its algorithm is not one of those that are taken")
    if key_id is not None and not 0 < len(key_id) <= MAX_KEY_ID_CHARACTERS:
        raise InvalidToken("its key id is empty or too long")
    issuer = _issuer(token, issuers)
    _claims(token, issuer, algorithm, None)
    refused = InvalidToken("its issuer has no such key")
    for key in keys_of(issuer).find(key_id, algorithm):
        try:
            return issuer, _claims(token, issuer, algorithm, key.key)
        except InvalidToken as error:
            refused = error
    raise refused


def _issuer(token: str, issuers: Sequence[TokenIssuer]) -> TokenIssuer:
    """Return the issuer that the token says it is of, and for. Nothing is verified yet."""
    claims = _decoded(lambda: jwt.decode(token, options={"verify_signature": False}))
    if not all(type(claims.get(name, 0)) in {int, float} for name in _TIMES):
        raise InvalidToken("it has a time that is no number")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    of_url = [issuer for issuer in issuers if issuer.url == claims.get("iss")]
    if not of_url:
        raise InvalidToken("its issuer is not one of the stage's")
    for issuer in of_url:
        if issuer.audience in audiences:
            return issuer
    raise InvalidToken("it is for another audience")


def _claims(token: str, issuer: TokenIssuer, algorithm: str, key: Any) -> Mapping[str, Any]:  # noqa: ANN401 - one of cryptography's
    """Return the claims, checked; with a `key`, the signature too."""
    checks = dict.fromkeys(("verify_aud", "verify_exp", "verify_nbf", "verify_iat"), True)
    options: Any = {
        **checks,
        **dict.fromkeys(("verify_iss", "verify_sub", "verify_jti"), True),
        "verify_signature": key is not None,
        "enforce_minimum_key_length": True,
        "require": _REQUIRED,
    }
    return _decoded(
        lambda: jwt.decode(
            token,
            key=key or "",
            algorithms=[algorithm],
            audience=issuer.audience,
            issuer=issuer.url,
            leeway=SKEW_SECONDS,
            options=options,
        )
    )


def _decoded(decode: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what `decode` makes of the token. Raises InvalidToken for all that it raises: whatever
    a token makes a library stumble over, it is no valid token, and no failure of the gateway."""
    try:
        return decode()
    except Exception as error:
        raise InvalidToken(f"it is refused with {type(error).__name__}") from error
