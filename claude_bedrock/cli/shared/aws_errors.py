"""Messages for botocore's errors, with what to do about them."""

import os
import re
from typing import Final

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.cli.doctor.check import DENIED, code_of
from claude_bedrock.cli.shared.errors import Role
from claude_bedrock.cli.shared.network_advice import network_advice

REFUSED: Final = frozenset(
    {
        *("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"),
        *("InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException"),
        *("AuthFailure", "SignatureDoesNotMatch", "InvalidSignatureException", "InvalidToken"),
        *("IncompleteSignature", "MissingAuthenticationToken", "NotAuthorized"),
    }
)
"""What AWS calls it when it takes no such credentials:
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html"""

RENEW: Final = (
    "renew them with `aws sso login` or `aws configure`, until `aws sts get-caller-identity` works"
)
_CONFIGURE: Final = (
    "run `aws configure sso` or `aws configure`, or set AWS_PROFILE to a profile that has them, "
    "until `aws sts get-caller-identity` works"
)
_URL: Final = re.compile(r"https?://[^\s\"']+")
_LOG_IN: Final = "run `aws {}login`, until `aws sts get-caller-identity` works"
_ADVICE: Final = (
    (
        (exceptions.ProfileNotFound,),
        "set AWS_PROFILE to one that `aws configure list-profiles` lists",
    ),
    ((exceptions.SSOError, exceptions.TokenRetrievalError), _LOG_IN.format("sso ")),
    ((exceptions.LoginError,), _LOG_IN.format("")),
    (
        (
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.NoAuthTokenError,
        ),
        _CONFIGURE,
    ),
    ((exceptions.CredentialRetrievalError,), RENEW),
)
_UNREACHABLE: Final = (exceptions.HTTPClientError, exceptions.ConnectionError)


def explain(error: ClientError | BotoCoreError, role: Role | None = None) -> str:
    """Return one line that says what happened and what to do. `role` is the stage's role that may
    do it."""
    if advice := credentials_advice(error):
        return f"{_sentence(error)}. {advice[0].upper()}{advice[1:]}."
    if isinstance(error, ClientError) and code_of(error) in DENIED:
        return f"{_sentence(error)}{_take(role)}"
    if isinstance(error, exceptions.ProxyConnectionError):  # whose text has the proxy's URL alone
        return f"{_sentence(error)}. Check the proxy in HTTPS_PROXY."
    if isinstance(error, _UNREACHABLE) and (url := _URL.search(str(error))):
        return f"{_sentence(error)}. {network_advice(url[0])}"
    return _sentence(error)


def credentials_advice(error: ClientError | BotoCoreError) -> str | None:
    """Return what to do where it is the credentials that AWS or botocore does not take; else
    None."""
    if isinstance(error, ClientError):
        return RENEW if code_of(error) in REFUSED else None
    for kinds, advice in _ADVICE:
        if isinstance(error, kinds):
            return _of_profile(advice)
    return None


def _of_profile(advice: str) -> str:
    """With the profile that a login is for, where one is chosen."""
    profile = os.environ.get("AWS_PROFILE")
    return advice.replace("login`", f"login --profile {profile}`") if profile else advice


def _sentence(error: ClientError | BotoCoreError) -> str:
    if not isinstance(error, ClientError):
        return str(error).rstrip(".")
    message = error.response.get("Error", {}).get("Message", "").rstrip(".")
    code_and_message = f"{code_of(error)}: {message}" if message else code_of(error)
    return f"AWS answered {error.operation_name} with {code_and_message}"


def _take(role: Role | None) -> str:
    if role is None:
        return ""
    return f". The stage's role `{role}` may do this: docs/security.md, Who may take which role"
