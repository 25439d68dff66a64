"""The caller's own session at AWS, in which Bedrock is called, so that AWS's records name the
caller: one AssumeRole for each caller, kept in this process until it is about to end.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol
from urllib.parse import urlencode

from claude_bedrock.caller_sessions.session_name import session_name
from gateway.aws_service import ServiceError, ServiceResponse
from gateway.caller import Caller
from gateway.errors import SessionUnavailable
from gateway.settings import Settings
from gateway.signing import Credentials

SESSION_SECONDS: Final = 3600
"""As long as a session lasts whose role is assumed by a role's session:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining"""
RENEWAL_SECONDS: Final = 300  # before its end, from when on another takes its place
RESPONSE_SECONDS: Final = 3.0  # for each of two attempts
MAX_SESSIONS: Final = 500  # of a process, about 2 KB each

_ATTEMPTS: Final = 2
_RETRY_PAUSE: Final = 0.1  # seconds
_HEADERS: Final = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_VERSION: Final = "2011-06-15"
_THROTTLED: Final = ("Throttling", "ThrottlingException", "RequestLimitExceeded")


class Sts(Protocol):
    """AWS STS: a gateway.aws_service.AwsService."""

    def send(self, headers: Mapping[str, str], body: bytes, seconds: float) -> None: ...
    def receive(self, seconds: float) -> ServiceResponse: ...


class _SessionKey(NamedTuple):
    """Who has a session: qualified name and team, and the policy that holds it to some models."""

    name: str
    team: str
    policy: str = ""


class CallerSessions:
    """The sessions of this process, of the role `settings.caller_role_arn`."""

    def __init__(
        self, settings: Settings, sts: Sts, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._sts = sts
        self._clock = clock
        self._open: dict[_SessionKey, tuple[Credentials, float]] = {}

    def begin(self, caller: Caller, models: frozenset[str] | None = None) -> CallerSession:
        """Return the caller's session, held to `models` if these are given. Where it is not open
        yet, STS has the request when this returns, and its response is read when it is needed."""
        return CallerSession(self, caller, models)

    def find(self, key: _SessionKey) -> Credentials | None:
        """Return the credentials of a session that lasts for a while yet."""
        credentials, until = self._open.get(key, (None, 0.0))
        return credentials if self._clock() < until else None

    def keep(self, key: _SessionKey, credentials: Credentials, opened_at: float) -> None:
        self._open.pop(key, None)
        if len(self._open) >= MAX_SESSIONS:
            del self._open[next(iter(self._open))]
        self._open[key] = credentials, opened_at + SESSION_SECONDS - RENEWAL_SECONDS

    def forget(self, key: _SessionKey) -> None:
        self._open.pop(key, None)

    def send(self, key: _SessionKey) -> float:
        """Send STS the request, and return when. Raises ServiceError."""
        now = self._clock()
        self._sts.send(_HEADERS, self._request_body(key), RESPONSE_SECONDS)
        return now

    def receive(self, seconds: float) -> Credentials:
        """Return what STS answers. Raises ServiceError, SessionUnavailable."""
        return _credentials(self._sts.receive(seconds))

    def key(self, caller: Caller, models: frozenset[str] | None) -> _SessionKey:
        """Raises SessionUnavailable for a caller who has no name."""
        name = caller.qualified_name
        if not name:
            raise SessionUnavailable("CallerHasNoName")
        return _SessionKey(name, caller.team, self._policy(caller.team, models))

    def _policy(self, team: str, models: frozenset[str] | None) -> str:
        """Return the session policy of a list of models; empty without one, and for a list of all
        models of the stage, which the role itself is held to."""
        if models is None or models >= self._settings.allowed_models:
            return ""
        from claude_bedrock.catalog import MODELS, session_policies  # noqa: PLC0415 - seldom needed
        from claude_bedrock.catalog.invoke_policies import InvocationScope  # noqa: PLC0415

        settings = self._settings
        _, partition, _, _, account, _ = settings.caller_role_arn.split(":")
        guardrail = settings.for_team(team).guardrail
        scope = InvocationScope(
            settings.geographies, settings.region, account, partition, guardrail
        )
        named = [model for model in MODELS if model.name in models & settings.allowed_models]
        copies = settings.team_profiles.get(team, {})
        try:
            return session_policies.session_policy(named, scope, copies)
        except session_policies.SessionPolicyTooLong as error:
            raise SessionUnavailable("PolicyTooLong") from error

    def _request_body(self, key: _SessionKey) -> bytes:
        """As the Query protocol has it: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Examples"""
        name = session_name(key.name)
        tags = {"stage": self._settings.stage, "team": key.team, "caller": name}
        parameters = {
            "Action": "AssumeRole",
            "Version": _VERSION,
            "RoleArn": self._settings.caller_role_arn,
            "RoleSessionName": name,
            "SourceIdentity": name,
            "DurationSeconds": str(SESSION_SECONDS),
        }
        sent = [(tag, value) for tag, value in tags.items() if value]
        for number, (tag, value) in enumerate(sent, start=1):
            parameters[f"Tags.member.{number}.Key"] = tag
            parameters[f"Tags.member.{number}.Value"] = value
        if key.policy:
            parameters["Policy"] = key.policy
        return urlencode(parameters).encode()


class CallerSession:
    """The session of one request's caller. `round_trip_ms`: from the first request to STS to its
    response; None where the session was open already."""

    def __init__(
        self, sessions: CallerSessions, caller: Caller, models: frozenset[str] | None
    ) -> None:
        self.round_trip_ms: int | None = None
        self._sessions = sessions
        self._key = sessions.key(caller, models)
        self._failure: ServiceError | None = None
        self._started_at = self._sent_at = 0.0
        self._attempts = 0
        self._credentials = sessions.find(self._key)
        if self._credentials is None:
            self._started_at = time.monotonic()
            self._send()

    def credentials(self, seconds: float) -> Credentials:
        """Return what Bedrock's requests are signed with. Raises SessionUnavailable, after
        `seconds` at the latest."""
        if self._credentials is None:
            self._credentials = self._opened(time.monotonic() + seconds)
        return self._credentials

    def renew(self, seconds: float) -> None:
        """Open another session in place of one that AWS has ended. Raises SessionUnavailable."""
        self._sessions.forget(self._key)
        self._credentials, self._attempts = None, 0
        self._started_at = time.monotonic()
        self._send()
        self.credentials(seconds)

    def finish(self) -> None:
        """Read a response that no call has needed, so that the next request needs no other."""
        if self._credentials is None and self._failure is None and self._attempts:
            try:
                self._receive(RESPONSE_SECONDS)
            except (ServiceError, SessionUnavailable):
                self._attempts = 0

    def _send(self) -> None:
        self._attempts += 1
        self._failure = None
        try:
            self._sent_at = self._sessions.send(self._key)
        except ServiceError as error:
            self._failure = error

    def _opened(self, until: float) -> Credentials:
        """Taking a role twice does no harm, so a request is sent again whatever became of it."""
        while True:
            try:
                if self._failure is not None:
                    raise self._failure
                return self._receive(max(min(RESPONSE_SECONDS, until - time.monotonic()), 0.001))
            except (ServiceError, _Retryable) as error:
                if self._attempts >= _ATTEMPTS or time.monotonic() + _RETRY_PAUSE >= until:
                    raise SessionUnavailable(
                        error.cause.removeprefix(SessionUnavailable.prefix)
                    ) from error
            time.sleep(_RETRY_PAUSE)
            self._send()

    def _receive(self, seconds: float) -> Credentials:
        credentials = self._sessions.receive(seconds)
        self.round_trip_ms = round((time.monotonic() - self._started_at) * 1000)
        self._sessions.keep(self._key, credentials, self._sent_at)
        self._credentials = credentials
        return credentials


class _Retryable(SessionUnavailable):
    """STS has said that it failed, or that there were too many requests."""


def _credentials(response: ServiceResponse) -> Credentials:
    text = response.body.decode("utf-8", "replace")
    if response.status != 200:
        code = _element("Code", text)
        code = code if code.isalnum() else str(response.status)
        is_retryable = response.status >= 500 or code in _THROTTLED
        raise (_Retryable if is_retryable else SessionUnavailable)(code)
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    credentials = Credentials(*(_element(name, text) for name in names))
    if not all(credentials):
        raise _Retryable("Unreadable")
    return credentials


def _element(name: str, text: str) -> str:
    """Return the text of the first element of that name; what STS writes there has no escapes."""
    start, end = text.find(f"<{name}>"), text.find(f"</{name}>")
    return text[start + len(name) + 2 : end] if 0 <= start < end else ""
