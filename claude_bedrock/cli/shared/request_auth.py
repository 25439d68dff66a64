"""The authentication of a request to the endpoint: by a key, or signed with AWS credentials."""

from collections.abc import Generator
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from botocore.credentials import Credentials

SERVICE = "execute-api"
"""What API Gateway wants named in a signature:
https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html"""

Steps = Generator[httpx2.Request, httpx2.Response, None]


class ByKey(httpx2.Auth):
    """One of the stage's keys."""

    def __init__(self, key: str) -> None:
        self._key = key

    def auth_flow(self, request: httpx2.Request) -> Steps:
        request.headers["x-api-key"] = self._key
        yield request


class BySignature(httpx2.Auth):
    """The caller's AWS credentials, for a stage of `"auth": "iam"` in `region`, or for another
    `service` of AWS."""

    requires_request_body = True

    def __init__(self, credentials: "Credentials", region: str, service: str = SERVICE) -> None:
        from botocore.auth import SigV4Auth  # noqa: PLC0415 - slow to import, not for a key

        self._signer = SigV4Auth(credentials, service, region)

    def auth_flow(self, request: httpx2.Request) -> Steps:
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415 - as above

        signed = AWSRequest(
            method=request.method,
            url=str(request.url),
            data=request.content,
            headers={"host": request.url.netloc.decode()},
        )
        self._signer.add_auth(signed)
        for name, value in signed.headers.items():
            request.headers[name] = value
        yield request
