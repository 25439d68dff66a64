"""The application: which path is which operation, and the order in which a request is taken."""

from collections.abc import Awaitable, Callable, Container
from datetime import UTC, datetime
from time import monotonic
from typing import NamedTuple
from urllib.parse import unquote
from uuid import uuid4

from local.bedrock import anthropic_messages
from local.bedrock.access import Authorize, permit
from local.bedrock.anthropic_messages import MessagesForm
from local.bedrock.applications import Applications, none
from local.bedrock.call import Call
from local.bedrock.caller import Caller, Signed, authenticate
from local.bedrock.converse.form import ConverseForm
from local.bedrock.counting import Counting
from local.bedrock.errors import RefusedError
from local.bedrock.http_exchange import ClientDisconnectedError, Receive, Scope, Send, Wire
from local.bedrock.inference import Inference
from local.bedrock.invocation import Invocation
from local.bedrock.invoke import InvokeForm

MAX_BODY_BYTES = 25_000_000

Deliver = Callable[[Invocation], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Operation = Callable[[Call], Awaitable[Invocation | None]]


class _Route(NamedTuple):
    """`model_id` is empty where the body names the model."""

    model_id: str
    operation: str


def create_app(
    *,
    region: str,
    callers: Callable[[str], Caller | None],
    deliver: Deliver,
    applications: Applications = none,
    authorize: Authorize = permit,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    trail: Callable[[Invocation], None] = lambda _: None,
) -> App:
    """Return the bedrock-runtime endpoint of `region` as an ASGI app.

    callers: access key id -> who signs with it, None if nobody does.
    deliver: takes each authenticated invocation once its answer is sent; should return at once.
    applications: what is behind the ARN of an application inference profile.
    authorize: raises AuthorizationError for what IAM does not let a caller do.
    trail: takes each authenticated invocation, also one whose record a fault loses.
    now: the time, in UTC; signatures, record times and models' ends of life go by it.
    """
    answers = operations(region, applications, authorize)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        wire = Wire(scope, receive, send, str(uuid4()))
        try:
            route = _route(wire.method, wire.raw_path, answers)
            call = await _take(wire, route, callers, region, now())
        except RefusedError as refused:
            await wire.refuse(refused)
        except ClientDisconnectedError:
            pass
        else:
            invocation = await answers[route.operation](call)
            if invocation is not None:
                trail(invocation)
            if invocation is not None and not invocation.delivery.is_lost:
                await deliver(invocation)
        finally:
            wire.close()

    return app


def operations(
    region: str, applications: Applications = none, authorize: Authorize = permit
) -> dict[str, Operation]:
    """Return the operation for the last part of a path; it returns what the log records, if any."""
    inference = Inference(region, applications, authorize)
    return {
        "invoke": lambda call: inference.run(call, InvokeForm(call, streamed=False)),
        "invoke-with-response-stream": lambda call: inference.run(
            call, InvokeForm(call, streamed=True)
        ),
        "converse": lambda call: inference.run(call, ConverseForm(call, streamed=False)),
        "converse-stream": lambda call: inference.run(call, ConverseForm(call, streamed=True)),
        "count-tokens": Counting(region, authorize).run,
        anthropic_messages.OPERATION: lambda call: inference.run(call, MessagesForm(call)),
    }


async def _live(receive: Receive, send: Send) -> None:
    event = ""
    while event != "shutdown":
        event = (await receive())["type"].removeprefix("lifespan.")
        await send({"type": f"lifespan.{event}.complete"})


async def _take(
    wire: Wire,
    route: _Route,
    callers: Callable[[str], Caller | None],
    region: str,
    now: datetime,
) -> Call:
    """Return the authenticated call; raise RefusedError for a request that is none."""
    started = monotonic()
    # The signature covers a hash of the body, which is read before anything is known of the
    # caller.
    body = await wire.body(MAX_BODY_BYTES)
    signed = Signed(wire.method, wire.raw_path, wire.query, wire.headers, body)
    caller = authenticate(signed, callers=callers, region=region, now=now)
    model_id = route.model_id
    if route.operation == anthropic_messages.OPERATION:
        wire.has_anthropic_errors = True
        model_id = anthropic_messages.model_id(body)
    return Call(wire, caller, model_id, body, now, started)


def _route(method: str, raw_path: str, known: Container[str]) -> _Route:
    """Ids stay percent-encoded in the path, since an ARN carries slashes of its own."""
    if raw_path.startswith(anthropic_messages.PREFIX):
        return _Route("", anthropic_messages.operation(method, raw_path))
    parts = raw_path.split("/")
    is_known = parts[-1] in known and parts[-1] != anthropic_messages.OPERATION
    if method == "POST" and len(parts) == 4 and parts[1] == "model" and is_known:
        return _Route(unquote(parts[2]), parts[3])
    raise RefusedError("UnknownOperationException", "")
