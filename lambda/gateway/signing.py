"""AWS Signature Version 4 with this function's credentials; the only module that knows botocore.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import EnvProvider


class CredentialsMissing(Exception):
    """Lambda gave this function no role."""


class Signer:
    """Signs requests to Bedrock in one Region."""

    def __init__(self, region: str, environment: Mapping[str, str] | None = None) -> None:
        self._region = region
        credentials = EnvProvider(environment).load()
        if credentials is None:
            raise CredentialsMissing("AWS_ACCESS_KEY_ID is not set")
        self._credentials = credentials

    def sign(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, str]:
        """`headers` with the signature's own added; every header given is signed."""
        request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
        SigV4Auth(self._credentials, "bedrock", self._region).add_auth(request)
        return dict(request.headers.items())
