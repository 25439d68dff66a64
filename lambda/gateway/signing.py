"""AWS Signature Version 4 with this function's credentials.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
botocore does the same, and half of a cold start was its import.
"""

import os
import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from typing import NamedTuple
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
BEDROCK = "bedrock"  # bedrock-runtime signs by this name
# https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html#snapstart-credentials
_OF_SNAP_START = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


class CredentialsMissing(Exception):
    """Lambda gave this function no role, or not as this function can take it."""


class Credentials(NamedTuple):
    """Of a role's session; `token` is empty for a user's key."""

    key_id: str
    secret: str
    token: str


class Signer:
    """Signs requests to one service in one Region; `service` is its name in signatures."""

    def __init__(
        self,
        region: str,
        environment: Mapping[str, str] | None = None,
        *,
        service: str = BEDROCK,
    ) -> None:
        self._region = region
        self._service = service
        self._credentials = _credentials(os.environ if environment is None else environment)

    def sign(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        credentials: Credentials | None = None,
    ) -> dict[str, str]:
        """Return `headers` with the signature's own added; every header given is signed.
        `credentials` are a caller's session; without them this function's own sign."""
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = (moment[:8], self._region, self._service, "aws4_request")
        return signed(
            method,
            url,
            headers,
            body,
            credentials=credentials or self._credentials,
            moment=moment,
            scope=scope,
        )


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    credentials: Credentials,
    moment: str,
    scope: tuple[str, str, str, str],
) -> dict[str, str]:
    """`headers` with date, token and authorization added.

    `url` has no query and its path is percent-encoded, which the signature encodes once more, as
    for every service but S3. `moment` is `YYYYMMDDTHHMMSSZ`; `scope` day, Region, service and
    `aws4_request`.
    """
    added = {**headers, "X-Amz-Date": moment}
    if credentials.token:
        added["X-Amz-Security-Token"] = credentials.token
    parts = urlsplit(url)
    fields = {name.lower(): " ".join(value.split()) for name, value in added.items()}
    fields["host"] = parts.netloc
    names = sorted(fields)
    listed = ";".join(names)
    lines = [f"{name}:{fields[name]}" for name in names]
    path = _encoded(parts.path or "/")
    canonical = "\n".join([method, path, "", *lines, "", listed, sha256(body).hexdigest()])
    area = "/".join(scope)
    text = f"{_ALGORITHM}\n{moment}\n{area}\n{sha256(canonical.encode()).hexdigest()}"
    signature = digest(_signing_key(credentials.secret, scope), text.encode(), "sha256").hex()
    added["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.key_id}/{area}, "
        f"SignedHeaders={listed}, Signature={signature}"
    )
    return added


@lru_cache(maxsize=64)
def _encoded(path: str) -> str:
    return quote(path, safe="/~")


@lru_cache(maxsize=256)  # a key for each caller's session
def _signing_key(secret: str, scope: tuple[str, str, str, str]) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = digest(key, part.encode(), "sha256")
    return key


def _credentials(environment: Mapping[str, str]) -> Credentials:
    if environment.get(_OF_SNAP_START):
        raise CredentialsMissing(
            f"{_OF_SNAP_START} is set: this function does not run with SnapStart, whose "
            "credentials are to be asked for anew and whose snapshots our runtime loop ignores"
        )
    try:
        key_id, secret = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    except KeyError as error:
        raise CredentialsMissing(f"{error.args[0]} is not set") from error
    return Credentials(key_id, secret, environment.get("AWS_SESSION_TOKEN", ""))
