"""AWS Signature Version 4 with this function's credentials; the only module that knows botocore.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, cast

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials


class CredentialsMissing(Exception):
    """Lambda gave this function no role."""


class _Credentials(NamedTuple):
    """What SigV4Auth reads of botocore's own class, whose module is slow to import."""

    access_key: str
    secret_key: str
    token: str | None


class Signer:
    """Signs requests to Bedrock in one Region."""

    def __init__(self, region: str, environment: Mapping[str, str] | None = None) -> None:
        self._region = region
        self._credentials = _credentials(os.environ if environment is None else environment)

    def sign(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, str]:
        """`headers` with the signature's own added; every header given is signed."""
        request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
        SigV4Auth(cast("ReadOnlyCredentials", self._credentials), "bedrock", self._region).add_auth(
            request
        )
        return dict(request.headers.items())


def _credentials(environment: Mapping[str, str]) -> _Credentials:
    try:
        key_id, secret = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    except KeyError as error:
        raise CredentialsMissing(f"{error.args[0]} is not set") from error
    return _Credentials(key_id, secret, environment.get("AWS_SESSION_TOKEN"))
