"""One request: what a route is called with, and what the audit log entry is made of."""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Protocol

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
from gateway.upstream import UpstreamResponse

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
    ) -> UpstreamResponse: ...


class RequestContext:
    """`caller` is who sends the request, `settings` are the stage's for that caller. `route` is the
    pattern of the request's path, `parameters` are the parts of the path that it names. `outcome`
    and `error` say how the request ended; `request_bytes` is the size of the body that a route has
    taken."""

    def __init__(
        self,
        request: Request,
        response: Response,
        settings: Settings,
        bedrock: Bedrock,
        retry_budget: RetryBudget,
        *,
        remaining: float,
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
        self.caller = _in_stage(request.caller, settings)
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

        Raises RequestTooLarge, UnsupportedMediaType, InvalidRequest.
        """
        text, self.request_bytes = self.request.take_text(limit=self.settings.max_body_bytes)
        return text

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
