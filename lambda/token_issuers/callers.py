"""From a token to the caller that it names."""

from collections.abc import Sequence

from token_issuers import verification
from token_issuers.admission import Caller, admit
from token_issuers.issuer import TokenIssuer
from token_issuers.signing_keys import SigningKeys


class TokenCallers:
    """Identifies callers by the tokens of `issuers`, whose keys it holds as long as it lives."""

    def __init__(self, issuers: Sequence[TokenIssuer]) -> None:
        self._issuers = issuers
        self._keys = {url: SigningKeys(url) for url in {issuer.url for issuer in issuers}}

    def identify(self, token: str) -> tuple[TokenIssuer, Caller]:
        """Return the token's issuer and caller. Raises InvalidToken, NotAdmitted and
        IssuerUnavailable."""
        issuer, claims = verification.verify(
            token, self._issuers, lambda issuer: self._keys[issuer.url]
        )
        return issuer, admit(issuer, claims)
