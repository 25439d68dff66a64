"""The errors of refused tokens. The texts are for the authorizer's log: none holds a part of a
token."""


class TokenError(Exception):
    """A request with this token is not let through."""


class InvalidToken(TokenError):
    """The token is not a valid one of the stage's issuers: the caller needs another."""


class NotAdmitted(TokenError):
    """The token is valid, and its claims are not those of a caller of this stage."""


class IssuerUnavailable(TokenError):
    """The issuer's keys could not be read, so that nothing can be said of the token."""
