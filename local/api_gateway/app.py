"""The front: the order in which API Gateway takes a request, as an ASGI app."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from botocore.exceptions import ClientError

from local.api_gateway import authorizer, coding, resource_policy, routing, validation
from local.api_gateway.admission import Admission
from local.api_gateway.authorizer import Invoke
from local.api_gateway.client import Client, DisconnectedError, TooLargeError
from local.api_gateway.definition import Api
from local.api_gateway.deployed import DeployedApi
from local.api_gateway.exchange import Exchange, context, trace
from local.api_gateway.integration import (
    BrokenOffError,
    Integrations,
    identification,
)
from local.api_gateway.invocation import (
    MayInvoke,
    anything,
    check_authorizer,
    check_method,
)
from local.api_gateway.refusals import RefusedError, refusal
from local.api_gateway.rendering import render
from local.api_gateway.routing import Match
from local.api_gateway.signature import Signatures, nobody, nothing
from local.aws.log_writer import LogWriter
from local.aws.ttl_cache import TtlCache
from local.bedrock.http_exchange import CLIENT_CERTIFICATE, Receive, Scope, Send
from local.lambda_service.service import LambdaService
from local.run.options import ClientDisconnect

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
LARGEST_BODY_BYTES = 10 * 1024 * 1024
LARGEST_HEADERS_BYTES = 20_480
LARGEST_HEADERS_BYTES_OF_PRIVATE_API = 8_000

App = Callable[[Scope, Receive, Send], Awaitable[None]]


class LocalApiGateway:
    """Serves one stage of a deployed API. What is deployed, and which keys there are, is at most a
    second old."""

    def __init__(
        self,
        deployed: DeployedApi,
        *,
        streaming: LambdaService,
        invoke: Invoke,
        logs: LogWriter,
        admission: Admission | None = None,
        signatures: Signatures | None = None,
        client_disconnect: ClientDisconnect = ClientDisconnect.INVISIBLE,
        may_invoke: MayInvoke = anything,
    ) -> None:
        self._api = TtlCache(deployed.api)
        self._keys = TtlCache(deployed.keys)
        self._admission = admission or Admission()
        self._signatures = signatures or Signatures(nobody, nothing)
        self._integrations = Integrations(streaming, invoke, client_disconnect)
        self._invoke = invoke
        self._may_invoke = may_invoke
        self._logs = logs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client, exchange = Client(scope, receive, send), _exchange(scope)
        try:
            api = await self._api.get()
        except ClientError:
            await _forbid(exchange, client)
            return
        if not is_served(exchange, api) or (api.has_truststore and not exchange.certificate):
            await _forbid(exchange, client)
            return
        with suppress(DisconnectedError):
            await self._answer(exchange, api, client)
        await client.close()
        self._record(exchange, api, client)

    async def _answer(self, exchange: Exchange, api: Api, client: Client) -> None:
        try:
            exchange.body = await _body(client)
            coding.check(exchange)
            match = await self._admit(exchange, api)
            await check_method(self._may_invoke, exchange, match, api)
            await self._integrations.run(exchange, match, api, client)
        except RefusedError as refused:
            await _refuse(refused, exchange, api, client)
        except BrokenOffError:
            client.abort()

    async def _admit(self, exchange: Exchange, api: Api) -> Match:
        """Return the method that the request may reach. Raise RefusedError."""
        is_private = bool(api.vpc_endpoints)
        largest = LARGEST_HEADERS_BYTES_OF_PRIVATE_API if is_private else LARGEST_HEADERS_BYTES
        if sum(len(name) + len(value) for name, value in exchange.headers) > largest:
            raise RefusedError("DEFAULT_4XX", 431, "Request Header Fields Too Large")
        match = routing.find(api.methods, exchange.verb, exchange.path)
        if match is None:
            # An unknown path or method is reported as a missing token, 403 by default:
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
            raise RefusedError("MISSING_AUTHENTICATION_TOKEN")
        exchange.match = match
        resource_policy.check(exchange, match, api)
        if api.key_source == "HEADER":
            exchange.api_key = exchange.header("x-api-key")
        if match.method.signed:
            exchange.caller = await asyncio.to_thread(self._signatures.caller, exchange, api)
        exchange.body = coding.decoded(exchange, LARGEST_BODY_BYTES)
        await self._authorize(exchange, match, api)
        self._admission.admit(exchange, match.method, api, await self._keys.get())
        validation.check(match.method, exchange)
        return match

    async def _authorize(self, exchange: Exchange, match: Match, api: Api) -> None:
        method_authorizer = match.method.authorizer
        if method_authorizer is None:
            return
        began = time.monotonic()
        await check_authorizer(self._may_invoke, method_authorizer, api)
        grant = await authorizer.authorize(method_authorizer, exchange, match, api, self._invoke)
        latency = int((time.monotonic() - began) * 1000)
        exchange.noted |= {"authorizer.status": 200, "authorizer.latency": latency}
        exchange.authorizer = {
            **grant.context,
            "principalId": grant.principal,
            "integrationLatency": str(latency),
        }
        # The authorizer returns the key as `usageIdentifierKey`:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html
        if api.key_source == "AUTHORIZER":
            exchange.api_key = grant.key

    def _record(self, exchange: Exchange, api: Api, client: Client) -> None:
        """A line for the access log, if the stage has one."""
        if api.access_log is None:
            return
        exchange.noted |= {
            "status": client.status or 499,
            "responseLength": client.sent,
            "responseLatency": exchange.elapsed_ms(),
        }
        line = render(api.access_log.format, context(exchange, api), missing="-")
        self._logs.write(api.access_log.group, f"{api.id}-{api.stage}", line)


def _exchange(scope: Scope) -> Exchange:
    address = scope["client"][0] if scope["client"] else "127.0.0.1"
    headers = [(name.decode().lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    host = next((value for name, value in headers if name == "host"), "localhost")
    incoming_trace = next((value for name, value in headers if name == "x-amzn-trace-id"), "")
    trace_id = trace(incoming_trace)
    forwarded = {
        "x-amzn-trace-id": trace_id,
        "x-forwarded-for": address,
        "x-forwarded-port": str(scope["server"][1]),
        "x-forwarded-proto": scope["scheme"],
    }
    other_headers = [item for item in headers if item[0] not in forwarded]
    return Exchange(
        verb=scope["method"],
        path=scope["raw_path"].decode("ascii"),
        query=scope["query_string"].decode("latin-1"),
        headers=[*other_headers, *forwarded.items()],
        source_ip=address,
        host=host,
        protocol=f"HTTP/{scope['http_version']}",
        scheme=scope["scheme"],
        trace_id=trace_id,
        certificate=scope.get("extensions", {}).get(CLIENT_CERTIFICATE),
    )


def is_served(exchange: Exchange, api: Api) -> bool:
    """Take the stage's name off the path; False if the request is for no stage.

    At execute-api the stage is the first part of the path, and methods do not have it. The root of
    the API's own domain is the stage; locally, `localhost` stands for either name."""
    host = exchange.host.partition(":")[0].lower()
    first, _, rest = exchange.path.removeprefix("/").partition("/")
    if host != api.domain and api.has_execute_api and first == api.stage:
        exchange.prefix, exchange.path = f"/{first}", f"/{rest}"
        return True
    return bool(api.domain) and host in (api.domain, "localhost")


async def _body(client: Client) -> bytes:
    try:
        return await client.body(LARGEST_BODY_BYTES)
    except TooLargeError as large:
        raise RefusedError("REQUEST_TOO_LARGE") from large


async def _refuse(refused: RefusedError, exchange: Exchange, api: Api, client: Client) -> None:
    status, headers, body = refusal(refused, exchange, api)
    sized = [*headers, ("content-length", str(len(body)))]
    await client.start(status, [*sized, *identification(exchange)])
    await client.write(body)
    await client.end()


async def _forbid(exchange: Exchange, client: Client) -> None:
    """What API Gateway says where it knows no such API or stage; no gateway response applies."""
    with suppress(DisconnectedError, TooLargeError):
        await client.body(LARGEST_BODY_BYTES)
    kind = [("content-type", "application/json"), ("x-amzn-errortype", "ForbiddenException")]
    await client.start(403, [*kind, *identification(exchange)])
    await client.write(b'{"message":"Forbidden"}')
    await client.end()
