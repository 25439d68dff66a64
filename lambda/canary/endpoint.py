"""A client of the stage's endpoint: over its URL, with a key or signed."""

import http.client
import json
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

_PATH: Final = "/v1/messages"
_SECONDS: Final = 60

Admission = Callable[[str, bytes], Mapping[str, str]]
"""URL and body of a POST -> its headers, which say who calls."""


class CallFailedError(Exception):
    """The endpoint did not do what it is for; the text has nothing of what was said."""


class Endpoint(NamedTuple):
    """Where to ask, and as whom."""

    url: str
    admission: Admission

    def send(self, body: Mapping[str, Any]) -> str:
        """Return the id by which Bedrock recorded the call of a Messages body. Raises
        CallFailedError."""
        content = json.dumps(body).encode()
        url = urlsplit(self.url.rstrip("/") + _PATH)
        connection = _connection(url)
        try:
            connection.request("POST", url.path, content, self._headers(url, content))
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException) as error:
            raise CallFailedError(f"no answer: {type(error).__name__}") from error
        finally:
            connection.close()
        return _request_id(answer)

    def _headers(self, url: SplitResult, content: bytes) -> dict[str, str]:
        return dict(self.admission(url.geturl(), content))


def by_key(value: str) -> Admission:
    """Return the authentication by one of the stage's keys."""
    headers = {"content-type": "application/json", "x-api-key": value}
    return lambda _url, _content: headers


def by_signature(credentials: Any, region: str) -> Admission:  # noqa: ANN401 - botocore is untyped
    """Return the authentication by a signature with botocore's `credentials`:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html"""

    def signed(url: str, content: bytes) -> Mapping[str, str]:
        request = AWSRequest("POST", url, {"content-type": "application/json"}, content)
        SigV4Auth(credentials, "execute-api", region).add_auth(request)
        return dict(request.headers.items())

    return signed


def _connection(url: SplitResult) -> HTTPConnection:
    """Return a connection, over TLS but for the plain front of local mode."""
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    return kind(url.netloc, timeout=_SECONDS)


def _request_id(answer: http.client.HTTPResponse) -> str:
    match_ = answer.getheader("request-id")
    if answer.status != 200:
        raise CallFailedError(f"status {answer.status}, request id {match_ or 'none'}")
    if not match_:
        raise CallFailedError("an answer without request-id")
    return match_
