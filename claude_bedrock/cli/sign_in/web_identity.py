"""Tokens of identities that need no sign-in: of AWS credentials, and of a job in GitHub Actions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_getting_started.html
https://docs.github.com/en/actions/reference/security/oidc"""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from claude_bedrock.cli.sign_in import private_file
from claude_bedrock.cli.sign_in.errors import ProviderError, SignInRequiredError
from claude_bedrock.cli.sign_in.saved import Tokens, read_tokens

_SECONDS: Final = 3600
"""The longest that a token may live: 60 to 3,600 seconds.
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html"""

_ALGORITHM: Final = "ES384"
_IDENTITY: Final = (
    *("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME"),
    *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL_STS"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
"""Variables that decide whose token it is; none holds a secret."""


def of_aws(audience: str, region: str | None) -> str:
    """Return a token that AWS signs for the identity of the AWS credentials here. It is cached as
    the AWS CLI caches credentials: in a file of mode 0600, for these credentials and audience.

    Raises SignInRequiredError, NoTargetError, and botocore's errors."""
    if (tokens := cached(audience, region)) is not None and tokens.is_fresh(time.time()):
        return tokens.bearer
    tokens = _from_sts(audience, region)
    private_file.write(_cache_file(audience, region), tokens._asdict())
    return tokens.bearer


def cached(audience: str, region: str | None) -> Tokens | None:
    """Return the last token of these credentials for the audience, if there is one. Raises
    SignInRequiredError."""
    try:
        values = private_file.read(_cache_file(audience, region))
        return None if values is None else read_tokens(values)
    except (KeyError, TypeError, ValueError):
        return None


def _cache_file(audience: str, region: str | None) -> Path:
    values = [audience, region or "", *(os.environ.get(name, "") for name in _IDENTITY)]
    from hashlib import sha256  # noqa: PLC0415 - not for a sign-in

    digest = sha256(json.dumps(values).encode()).hexdigest()
    return private_file.folder() / "cache" / f"aws-{digest[:32]}.json"


def _from_sts(audience: str, region: str | None) -> Tokens:
    """Ask the Regional endpoint, boto3's default: the global one does not offer the operation."""
    import boto3  # noqa: PLC0415 - not for a token that is cached
    from botocore.exceptions import ClientError, NoCredentialsError  # noqa: PLC0415 - as above

    from claude_bedrock.cli.shared.deployment import resolve_region  # noqa: PLC0415 - as above

    sts: Any = boto3.client("sts", region_name=resolve_region(region))
    try:
        answer = sts.get_web_identity_token(
            Audience=[audience], SigningAlgorithm=_ALGORITHM, DurationSeconds=_SECONDS
        )
    except NoCredentialsError as error:
        raise SignInRequiredError(
            "No AWS credentials are here. Log in, for example with `aws sso login`."
        ) from error
    except ClientError as error:
        if error.response["Error"]["Code"] != "OutboundWebIdentityFederationDisabledException":
            raise
        raise SignInRequiredError(
            "The AWS account does not issue tokens. An administrator turns it on with "
            "`aws iam enable-outbound-web-identity-federation`."
        ) from error
    return Tokens(answer["WebIdentityToken"], time.time(), answer["Expiration"].timestamp(), None)


def of_github(audience: str, environment: Mapping[str, str] | None = None) -> str:
    """Return a token that GitHub signs for the job that this runs in. It is not cached: a job's
    file system may be another's next.

    Raises SignInRequiredError outside of a job that may ask for one, ProviderError."""
    variables = os.environ if environment is None else environment
    url = variables.get("ACTIONS_ID_TOKEN_REQUEST_URL")
    request_token = variables.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if not url or not request_token:
        raise SignInRequiredError(
            "GitHub offers no token here. Give the workflow's job `permissions: id-token: write`, "
            "and run the command in a step of it."
        )
    from urllib.parse import quote  # noqa: PLC0415 - as below

    from claude_bedrock.cli.sign_in import provider  # noqa: PLC0415 - an HTTP client is slow to import

    address = f"{url}{'&' if '?' in url else '?'}audience={quote(audience, safe='')}"
    token = provider.get_json(address, request_token).get("value")
    if not isinstance(token, str) or not token:
        raise ProviderError("GitHub's answer has no token.")
    return token
