"""The way of a function's response to the caller: streamed, or buffered.

https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
"""

import asyncio
import logging
from collections.abc import Iterator
from time import monotonic

from local.api_gateway import buffered
from local.api_gateway.authorizer import Invoke
from local.api_gateway.client import Client, DisconnectedError
from local.api_gateway.definition import Api, Integration
from local.api_gateway.event import proxy_event
from local.api_gateway.exchange import Exchange
from local.api_gateway.pace import Pace, StreamTooLargeError
from local.api_gateway.prelude import Head, MalformedAnswerError, Prelude
from local.api_gateway.refusals import RefusedError
from local.api_gateway.routing import Match
from local.lambda_service.answer import Answer
from local.lambda_service.errors import FunctionError, ThrottledError, UnfitFunctionError
from local.lambda_service.service import EventTooLargeError, LambdaService
from local.run.options import ClientDisconnect

_LOG = logging.getLogger(__name__)
IDLE_SECONDS = 300.0
"""A Regional API gives up on a stream that is silent for longer."""
# API Gateway sets these itself:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
_REMAPPED = frozenset(
    {
        "connection",
        "content-length",
        "date",
        "server",
        "upgrade",
        "www-authenticate",
        "x-amzn-requestid",
    }
)
# The front frames the response anew for its own connection.
_FRAMING = frozenset({"transfer-encoding", "keep-alive"})


class BrokenOffError(Exception):
    """The answer had begun and cannot be completed."""


class Integrations:
    """Asks functions: `streaming` those whose answers are streamed, `invoke` the others."""

    def __init__(
        self, streaming: LambdaService, invoke: Invoke, client_disconnect: ClientDisconnect
    ) -> None:
        self._streaming = streaming
        self._invoke = invoke
        self._client_disconnect = client_disconnect

    async def run(self, exchange: Exchange, match: Match, api: Api, client: Client) -> None:
        """Answer `client`. Raise RefusedError before the answer, BrokenOffError within it,
        DisconnectedError."""
        began = monotonic()
        streams = match.method.integration.streams
        exchange.noted["integration.responseTransferMode"] = "STREAMED" if streams else "BUFFERED"
        respond = self._stream if streams else self._respond_at_once
        try:
            await respond(exchange, match, api, client)
        except EventTooLargeError as large:
            raise RefusedError("REQUEST_TOO_LARGE") from large
        except (MalformedAnswerError, ThrottledError) as unanswered:
            raise RefusedError("DEFAULT_5XX", 500) from unanswered
        except UnfitFunctionError as unfit:
            _LOG.error("%s", unfit)
            raise RefusedError("DEFAULT_5XX", 502) from unfit
        except FunctionError as error:
            exchange.noted["integration.error"] = error.message
            raise _failure(client, RefusedError("DEFAULT_5XX", 502)) from error
        except TimeoutError as late:
            raise _failure(client, RefusedError("INTEGRATION_TIMEOUT")) from late
        finally:
            exchange.noted["integrationLatency"] = _milliseconds_since(began)

    async def _stream(self, exchange: Exchange, match: Match, api: Api, client: Client) -> None:
        integration, event = match.method.integration, proxy_event(exchange, match, api)
        answer = await self._streaming.invoke(integration.function, event, exchange.trace_id)
        is_visible = self._client_disconnect is ClientDisconnect.VISIBLE
        leave = answer.abandon if is_visible else answer.discard
        client.on_disconnect(leave)
        try:
            await _relay(answer, exchange, integration, client)
        finally:
            await leave()

    async def _respond_at_once(
        self, exchange: Exchange, match: Match, api: Api, client: Client
    ) -> None:
        integration = match.method.integration
        async with asyncio.timeout(integration.timeout_seconds):
            event = proxy_event(exchange, match, api)
            invoked = await self._invoke(integration.function, event)
        if invoked.failed:
            raise RefusedError("DEFAULT_5XX", 502)
        head, body = buffered.answer(invoked.payload)
        await _begin(head, exchange, client)
        await client.write(body)
        await client.end()


async def _relay(
    answer: Answer, exchange: Exchange, integration: Integration, client: Client
) -> None:
    prelude, pace, began = Prelude(), Pace(), monotonic()
    while data := await _next(answer, began + integration.timeout_seconds):
        body = prelude.feed(data)
        if prelude.head is not None and client.status is None:
            exchange.noted["integration.timeToAllHeaders"] = _milliseconds_since(began)
            await _begin(prelude.head, exchange, client)
        if body:
            exchange.noted.setdefault("integration.timeToFirstContent", _milliseconds_since(began))
            await _wait_for_pace(pace, len(body))
            await client.write(body)
    if client.disconnected:
        raise DisconnectedError
    prelude.end()
    await client.end()


async def _wait_for_pace(pace: Pace, size: int) -> None:
    """Wait until so many bytes may leave. Raise BrokenOffError."""
    try:
        wait = pace.wait_seconds(size, monotonic())
    except StreamTooLargeError as large:
        raise BrokenOffError from large
    if wait:
        await asyncio.sleep(wait)


def _milliseconds_since(began: float) -> int:
    return int((monotonic() - began) * 1000)


async def _next(answer: Answer, deadline: float) -> bytes:
    async with asyncio.timeout(min(IDLE_SECONDS, deadline - monotonic())):
        return await answer.take()


async def _begin(head: Head, exchange: Exchange, client: Client) -> None:
    exchange.noted |= {"integration.status": 200, "integrationStatus": head.status}
    await client.start(head.status, [*_passed(head), *identification(exchange)])


def _passed(head: Head) -> Iterator[tuple[str, str]]:
    """Yield the function's headers as API Gateway passes them on."""
    names = {name for name, _ in head.headers}
    if "content-type" not in names:
        yield "content-type", "application/json"
    for name, value in head.headers:
        if name not in _FRAMING:
            yield (f"x-amzn-remapped-{name}" if name in _REMAPPED else name), value


def identification(exchange: Exchange) -> list[tuple[str, str]]:
    """Return what API Gateway adds to every answer."""
    return [
        ("x-amzn-requestid", exchange.request_id),
        ("x-amz-apigw-id", exchange.extended_id),
        ("x-amzn-trace-id", exchange.trace_id),
    ]


def _failure(client: Client, refused: RefusedError) -> Exception:
    return refused if client.status is None else BrokenOffError()
