"""One request: what a route is called with, and what the audit log entry is made of."""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from claude_bedrock import catalog
from gateway import cors, model_resolution, team_profiles
from gateway.caller import API_KEY, Caller
from gateway.deadline import Deadline
from gateway.errors import GatewayError
from gateway.model_call import ModelCall
from gateway.request import Request
from gateway.response import ClientResponse
from gateway.retries import RetryBudget
from gateway.runtime import Response
from gateway.settings import Settings
from gateway.signing import Credentials
from gateway.upstream import UpstreamResponse

if TYPE_CHECKING:  # a stage without budgets does not import them
    from gateway.budgets import Budgets

COMPLETED: Final = "completed"
REFUSED: Final = "refused"  # by the gateway, before a request to Bedrock
UPSTREAM_ERROR: Final = "upstream_error"  # by Bedrock, before the first byte went out
INTERRUPTED: Final = "interrupted"  # after the first byte
CLIENT_DISCONNECTED: Final = "caller_gone"
FAILED: Final = "failed"  # by a defect of the gateway


class Bedrock(Protocol):
    """Bedrock, as far as a route needs it."""

    def post(
        self,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        seconds: float,
        check_client: Callable[[], None],
        credentials: Credentials | None = None,
    ) -> UpstreamResponse: ...


class Session(Protocol):
    """The caller's own session at AWS: see gateway.caller_sessions."""

    round_trip_ms: int | None

    def credentials(self, seconds: float) -> Credentials: ...
    def renew(self, seconds: float) -> None: ...
    def finish(self) -> None: ...


class Sessions(Protocol):
    """The callers' sessions."""

    def begin(self, caller: Caller, models: frozenset[str] | None = None) -> Session: ...


class RequestContext:
    """`caller` is who sends the request, `settings` are the stage's for that caller. `route` is the
    pattern of the request's path, `parameters` are the parts of the path that it names. `outcome`
    and `error` say how the request ended; `request_bytes` is the size of the body that a route has
    taken. `session` is the caller's, from then on; None where the gateway calls in its own name.
    `budgets` is None where the caller has none."""

    def __init__(
        self,
        request: Request,
        response: Response,
        settings: Settings,
        bedrock: Bedrock,
        retry_budget: RetryBudget,
        *,
        remaining: float,
        sessions: Sessions | None = None,
        budgets: "Budgets | None" = None,
    ) -> None:
        self.started_at = time.monotonic()
        self.request = request
        plan = request.caller.plan
        self.settings = settings.for_plan(plan) if settings.plan_models else settings
        self.bedrock = bedrock
        self.retry_budget = retry_budget
        self.deadline = Deadline(remaining)
        self.call = ModelCall()
        self.response = ClientResponse(
            response, request.id, self.call, self.deadline, cors.headers(request, settings)
        )
        self.session: Session | None = None
        self._sessions = sessions
        self.caller = _in_stage(request.caller, settings)
        if settings.team_guardrails:
            self.settings = self.settings.for_team(self.caller.team)
        self.budgets = budgets.of_call(self.caller, self.call, request.id) if budgets else None
        self.route = ""
        self.parameters: Mapping[str, str] = MappingProxyType({})
        self.request_bytes = 0
        self.outcome = COMPLETED
        self.error: GatewayError | None = None

    def resolve(self, requested: str) -> catalog.Resolved:
        """Return the model and profiles that the client's name means, and note the model.

        Raises NotFound, PermissionDenied, InvalidRequest: see gateway.model_resolution.
        """
        resolved = model_resolution.resolve(requested, self.settings, self.caller.team)
        self.call.note_model(resolved)
        return resolved

    def take_body(self) -> str:
        """Return the text of the body, which the request has no longer, and note its size.

        Only calls of Bedrock have a body: STS opens the caller's session while it is read.
        Raises SessionUnavailable, RequestTooLarge, UnsupportedMediaType, InvalidRequest.
        """
        if self._sessions is not None:
            models = self.settings.plan_models.get(self.caller.plan)
            self.session = self._sessions.begin(self.caller, models)
        text, self.request_bytes = self.request.take_text(limit=self.settings.max_body_bytes)
        return text

    def credentials(self) -> Credentials | None:
        """Return the caller's, once its session is open; None for the function's own. Raises
        SessionUnavailable."""
        if self.session is None:
            return None
        return self.session.credentials(self.deadline.require_remaining())

    def interrupt(self, error: GatewayError) -> None:
        """Note that a stream ended with an error, which the client has received."""
        self.error, self.outcome = error, INTERRUPTED


def _in_stage(caller: Caller, settings: Settings) -> Caller:
    """Return the caller with what the stage knows of an API key: the name of one of its own keys,
    and the team that a name belongs to."""
    if caller.credential != API_KEY:
        return caller
    name = settings.api_key_names.get(caller.api_key_id) or caller.name
    return caller._replace(name=name, team=team_profiles.team_of(name, settings.team_profiles))
