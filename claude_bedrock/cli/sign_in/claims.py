"""What is in a provider's tokens, and which of them the endpoint takes.

The tokens came from the token endpoint over TLS, which may stand in for the check of their
signature (https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation, point 6); the
endpoint's authorizer checks it in any case."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from claude_bedrock.cli.sign_in.errors import ProviderError
from claude_bedrock.cli.sign_in.saved import Settings, Tokens

Claims = Mapping[str, Any]


def read_claims(token: object) -> Claims | None:
    """Return the claims of a JSON Web Token; None for a token that is none, as an opaque one."""
    if not isinstance(token, str) or token.count(".") != 2:
        return None
    payload = token.split(".")[1]
    try:
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None


def audiences(claims: Claims) -> list[str]:
    """Return whom the token is for: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3"""
    audience = claims.get("aud")
    return [str(name) for name in audience] if isinstance(audience, list) else [str(audience)]


def choose(
    answer: Mapping[str, Any], settings: Settings, now: float, nonce: str | None = None
) -> Tokens:
    """Return, of what the token endpoint answered, the token whose audience the endpoint takes:
    the ID token, else the access token. A new sign-in gives its `nonce`, which the ID token has to
    repeat. Raises ProviderError."""
    by_name = {name: read_claims(answer.get(name)) for name in ("id_token", "access_token")}
    identity = by_name["id_token"]
    if nonce is not None and identity is not None and identity.get("nonce") != nonce:
        raise ProviderError("The ID token is not of this sign-in: its nonce differs.")
    for name, claims in by_name.items():
        if claims and settings.audience in audiences(claims):
            expires_at = _expiry(claims, settings, now)
            refresh_token = answer.get("refresh_token")
            return Tokens(str(answer[name]), now, expires_at, refresh_token)
    listed = sorted({name for claims in by_name.values() if claims for name in audiences(claims)})
    raise ProviderError(
        f"The provider's tokens are not for the audience {settings.audience!r}, but for "
        f"{', '.join(map(repr, listed)) or 'none that can be read'}. Set --audience, or have the "
        "provider issue such a token by --scope or --resource."
    )


def _expiry(claims: Claims, settings: Settings, now: float) -> float:
    """Return when the token ends. Raises ProviderError where it cannot be used."""
    if claims.get("iss") != settings.issuer:
        raise ProviderError(
            f"The token's issuer is {claims.get('iss')!r}, not {settings.issuer!r}. Give it by "
            "--issuer if you trust it."
        )
    expires_at = claims.get("exp")
    if not isinstance(expires_at, (int, float)) or expires_at <= now:
        raise ProviderError(
            "The provider's token has already ended. Is this machine's clock right?"
        )
    return float(expires_at)
