"""Asks the embedded AWS's IAM what the services that local mode stands for ask, in their names.

`local.embedded.authorization` answers.
"""

import http.client
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from local.aws.client import Aws
from local.bedrock.caller import Caller

CACHE_SECONDS: Final = 1.0
"""How long a decision holds; IAM itself takes longer until a change of a policy is everywhere."""
_TIMEOUT_SECONDS: Final = 30
_LARGEST_CACHE: Final = 4096

Json = Mapping[str, Any]


class Request(NamedTuple):
    """An action on a resource; `context` holds condition keys and their values. `region` is what
    `aws:RequestedRegion` says; empty is the embedded AWS's."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()
    region: str = ""


class AuthorizationError(Exception):
    """AWS refuses: `code` is the error's name, the text AWS's message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Authorization:
    """All methods block, and raise AuthorizationError for what IAM refuses."""

    def __init__(self, aws: Aws, clock: Callable[[], float] = monotonic) -> None:
        self._address = urlsplit(aws.url).netloc
        self._account = aws.account
        self._clock = clock
        self._decisions: dict[tuple[Any, ...], tuple[float, Json | None]] = {}
        self._lock = threading.Lock()

    def check_caller(self, caller: Caller, requests: Sequence[Request]) -> None:
        """Whether the caller may make all the requests."""
        self._check({"accessKeyId": caller.access_key_id}, requests)

    def check_service(self, service: str, requests: Sequence[Request]) -> None:
        """Whether the policies of the resources let an AWS service make all the requests."""
        self._check({"service": service}, requests)

    def allow(self, caller: Caller, action: str, resource: str) -> bool:
        """Return whether the caller may; another account may not, as that takes a policy of the
        resource."""
        if caller.account != self._account:
            return False
        try:
            self.check_caller(caller, [Request(action, resource)])
        except AuthorizationError:
            return False
        return True

    def assume_role(
        self, service: str, role_arn: str, session_name: str, context: Json | None = None
    ) -> Json:
        """Return the `Credentials` of a role that an AWS service takes."""
        content = {
            "service": service,
            "roleArn": role_arn,
            "sessionName": session_name,
            "context": context or {},
        }
        credentials: Json = self._call("AssumeRole", content)["Credentials"]
        return credentials

    def _check(self, caller: Json, requests: Sequence[Request]) -> None:
        key = (*caller.items(), *requests)
        denied = self._cached(key)
        if denied is _UNKNOWN:
            request_fields = [
                {**request._asdict(), "context": dict(request.context)} for request in requests
            ]
            denied = self._call("Authorize", {"caller": caller, "requests": request_fields})[
                "denied"
            ]
            self._store(key, denied)
        if denied is not None:
            raise AuthorizationError(denied["code"], denied["message"])

    def _cached(self, key: tuple[Any, ...]) -> Json | None:
        with self._lock:
            at, denied = self._decisions.get(key, (0.0, _UNKNOWN))
        return _UNKNOWN if self._clock() - at > CACHE_SECONDS else denied

    def _store(self, key: tuple[Any, ...], denied: Json | None) -> None:
        with self._lock:
            if len(self._decisions) >= _LARGEST_CACHE:
                self._decisions.clear()
            self._decisions[key] = self._clock(), denied

    def _call(self, operation: str, content: Json) -> Json:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_SECONDS)
        try:
            headers = {"x-amz-target": f"LocalAuthorization.{operation}"}
            connection.request("POST", "/", json.dumps(content).encode(), headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise AuthorizationError(answer["__type"], answer["message"])
        return answer


_UNKNOWN: Final[Json] = {}
"""What is in no cache."""
