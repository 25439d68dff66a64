"""The front over real sockets, with a sample function behind it: what callers see."""

import asyncio
import dataclasses
import json
import ssl
import stat
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import httpx2
import pytest

from claude_bedrock.cli.shared.endpoint import Endpoint, RefusedError
from claude_bedrock.cli.shared.request_auth import ByKey
from local.api_gateway.app import LocalApiGateway
from local.api_gateway.authorizer import Invoked
from local.api_gateway.definition import (
    AccessLog,
    Api,
    Authorizer,
    GatewayResponse,
    Integration,
    Key,
    KeyRing,
    Method,
    Plan,
)
from local.bedrock.server import serve
from local.lambda_service.service import LambdaService
from local.run.certificates import server_context
from local.run.options import ClientDisconnect
from tests.integration.local.sample_function import (
    ARN,
    MALFORMED_LOOP,
    LambdaApi,
    Logs,
    Sessions,
    zipped,
)

BUFFERED = "arn:aws:lambda:us-east-1:123456789012:function:whole"
AUTHORIZER = Authorizer("authorizer", None, (), "au1")
REFUSALS = (
    "MISSING_AUTHENTICATION_TOKEN",
    "UNAUTHORIZED",
    "INVALID_API_KEY",
    "REQUEST_TOO_LARGE",
    "INTEGRATION_TIMEOUT",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
)


def api(*, timeout: float = 29.0) -> Api:
    def method(resource: str, function: str, *, streams: bool, keyed: bool) -> Method:
        return Method(
            "ANY",
            resource,
            resource,
            Integration(function, streams, timeout),
            AUTHORIZER if keyed else None,
            keyed,
        )

    error_response = GatewayResponse(
        None, {}, {"application/json": '"$context.error.responseType"'}
    )
    return Api(
        id="a1",
        stage="test",
        account="123456789012",
        region="us-east-1",
        methods=(
            method("/open", ARN, streams=True, keyed=False),
            method("/keyed", ARN, streams=True, keyed=True),
            method("/whole", BUFFERED, streams=False, keyed=False),
        ),
        responses=dict.fromkeys(REFUSALS, error_response),
        key_source="AUTHORIZER",
        access_log=AccessLog("/access", "$context.status $context.identity.apiKeyId $context.path"),
        traced=False,
        binary_types=(),
        variables={},
    )


class Deployed:
    """Says what is deployed, as `local.api_gateway.deployed` does."""

    def __init__(self, definition: Api) -> None:
        self._definition = definition

    def api(self) -> Api:
        return self._definition

    def keys(self) -> KeyRing:
        return KeyRing({"good": Key("k1", "good", True)}, {"k1": Plan("p", None, None)})


async def invoke(function: str, event: Mapping[str, Any]) -> Invoked:
    """The functions that answer whole: the authorizer, and one that says what it is told."""
    if function != "authorizer":
        return Invoked(event["body"].encode(), failed=False)
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    granted = {
        "principalId": "p",
        "policyDocument": {"Statement": [statement]},
        "usageIdentifierKey": event["headers"].get("x-api-key"),
    }
    return Invoked(json.dumps(granted).encode(), failed=False)


class Harness(NamedTuple):
    """A front that is up: two base URLs, a client that trusts it, and what it logged."""

    http: str
    https: str
    client: httpx2.AsyncClient
    access_log: Logs
    function_log: Logs

    async def post(self, **event: Any) -> httpx2.Response:  # noqa: ANN401 - JSON
        return await self.client.post(f"{self.http}/open", json=event)


Use = Callable[[Harness], Coroutine[Any, Any, Any]]
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a coroutine function on a Ground; `archive` and `definition` may be others, fewer runs
    at once may be `reserved`, and what else is named goes to the front."""

    def run(
        use: Use,
        *,
        archive: bytes | None = None,
        definition: Api | None = None,
        reserved: int | None = None,
        **front: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        async def main() -> Any:  # noqa: ANN401
            arguments = (tmp_path, archive or zipped(), definition or api(), reserved)
            async with harness(*arguments, **front) as made:
                return await use(made)

        return asyncio.run(main())

    return run


@asynccontextmanager
async def harness(
    folder: Path,
    archive: bytes,
    definition: Api,
    reserved: int | None,
    **options: Any,  # noqa: ANN401
) -> AsyncIterator[Harness]:
    (folder / "function.zip").write_bytes(archive)
    logs, access_log = Logs(), Logs()
    echoed: list[str] = []
    service = LambdaService(
        LambdaApi(folder / "function.zip", reserved=reserved),
        sessions=cast("Any", Sessions()),
        logs=cast("Any", logs),
        folder=folder / "functions",
        extra={},
        echo=echoed.append,
    )
    front = LocalApiGateway(
        cast("Any", Deployed(definition)),
        streaming=service,
        invoke=invoke,
        logs=cast("Any", access_log),
        **options,
    )
    tls = server_context(folder / "ca.pem")
    trust = ssl.create_default_context(cafile=folder / "ca.pem")
    async with (
        serve(front) as port,
        serve(front, tls=tls) as https_port,
        httpx2.AsyncClient(http2=True, verify=trust, timeout=30, trust_env=False) as client,
    ):
        urls = f"http://localhost:{port}/test", f"https://localhost:{https_port}/test"
        try:
            yield Harness(*urls, client, access_log, logs)
        finally:
            await service.stop()


def test_the_functions_status_headers_and_body_arrive(run: Run) -> None:
    headers = {"X-Mine": "1", "Date": "then", "Content-Length": "9"}

    got = run(lambda g: g.post(status=418, headers=headers, parts=["a", "b"]))

    assert got.status_code == 418
    assert got.headers["x-mine"] == "1"
    assert got.headers["x-amzn-remapped-date"] == "then"
    assert got.headers["x-amzn-remapped-content-length"] == "9"
    assert got.headers["content-type"] == "application/json"
    assert {"x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"} <= set(got.headers)
    assert got.text.startswith("ab{")


def test_https_offers_http2(run: Run) -> None:
    got = run(lambda g: g.client.post(f"{g.https}/open", json={}))

    assert (got.status_code, got.http_version) == (201, "HTTP/2")


def test_a_name_with_a_truststore_demands_a_certificate_of_its_authority(tmp_path: Path) -> None:
    """As the command line presents it, which is what a caller without one reads, too."""
    ca, certificate = tmp_path / "ca.pem", tmp_path / "client.pem"
    log = AccessLog("/access", "$context.status $context.identity.clientCert.subjectDN")
    definition = dataclasses.replace(api(), has_truststore=True, access_log=log)
    access_log = Logs()

    async def main() -> str:
        front = LocalApiGateway(
            cast("Any", Deployed(definition)),
            streaming=cast("Any", None),
            invoke=invoke,
            logs=cast("Any", access_log),
        )
        async with serve(front, tls=server_context(ca, certificate)) as port:
            url = f"https://localhost:{port}/test"
            with_none = Endpoint(url, ByKey("good"), str(ca))
            with_one = with_none._replace(client_certificate=str(certificate))
            await asyncio.to_thread(refusal_of, with_one)
            return await asyncio.to_thread(refusal_of, with_none)

    without = asyncio.run(main())

    assert "(request id none)" in without
    assert "CLAUDE_BEDROCK_CLIENT_CERT" in without
    assert stat.S_IMODE(certificate.stat().st_mode) == 0o600
    (line,) = access_log.texts()
    assert "CN=local client" in line


def refusal_of(endpoint: Endpoint) -> str:
    with pytest.raises(RefusedError) as caught:
        endpoint.get("/no-such-route")
    return str(caught.value)


def test_a_part_arrives_before_the_function_goes_on(run: Run, tmp_path: Path) -> None:
    async def use(harness: Harness) -> list[str]:
        gate = tmp_path / "gate"
        event = {"do": "wait", "for": str(gate), "parts": ["first"]}
        async with harness.client.stream("POST", f"{harness.http}/open", json=event) as got:
            arrived = got.aiter_text()
            first = await anext(arrived)
            gate.touch()
            return [first, "".join([piece async for piece in arrived])]

    first, rest = run(use)

    assert first == "first"
    assert "pid" in rest


def test_a_client_that_disconnects_ends_the_functions_work_where_that_is_visible(run: Run) -> None:
    async def use(harness: Harness) -> None:
        event = {"do": "endless"}
        async with harness.client.stream("POST", f"{harness.http}/open", json=event) as got:
            await anext(got.aiter_bytes())
        while not any('"ClientDisconnected"' in text for text in harness.function_log.texts()):
            await asyncio.sleep(0.02)

    run(use, client_disconnect=ClientDisconnect.VISIBLE)


def test_a_function_does_not_see_that_its_client_has_disconnected(run: Run, tmp_path: Path) -> None:
    async def use(harness: Harness) -> list[str]:
        gate = tmp_path / "gate"
        event = {"do": "wait", "for": str(gate), "parts": ["first", "x" * 1_000_000]}
        async with harness.client.stream("POST", f"{harness.http}/open", json=event) as got:
            await anext(got.aiter_bytes())
        while not harness.access_log.texts():
            await asyncio.sleep(0.02)
        gate.touch()
        while not any(text.startswith("REPORT") for text in harness.function_log.texts()):
            await asyncio.sleep(0.02)
        return harness.function_log.texts()

    assert not any("ClientDisconnected" in text for text in run(use))


@pytest.mark.parametrize("path", ["open", "keyed"])
def test_a_function_that_api_gateway_may_not_invoke_is_a_500(run: Run, path: str) -> None:
    sources: list[str] = []

    def nothing(_function: str, source: str) -> bool:
        sources.append(source)
        return False

    async def use(harness: Harness) -> httpx2.Response:
        return await harness.client.post(f"{harness.http}/{path}", json={})

    got = run(use, may_invoke=nothing)

    account = "arn:aws:execute-api:us-east-1:123456789012:a1"
    kind, source = {
        "open": ("DEFAULT_5XX", f"{account}/test/POST/open"),
        "keyed": ("AUTHORIZER_CONFIGURATION_ERROR", f"{account}/authorizers/au1"),
    }[path]
    assert (got.status_code, got.json()) == (500, kind)
    assert sources == [source]


def test_what_lambda_turns_away_is_a_500_and_runs_nothing(run: Run) -> None:
    async def use(harness: Harness) -> tuple[httpx2.Response, list[str]]:
        return await harness.post(), harness.function_log.texts()

    got, ran = run(use, reserved=0)

    assert (got.status_code, got.json(), ran) == (500, "DEFAULT_5XX", [])


@pytest.mark.parametrize("do", ["raise", "exit"])
def test_a_function_that_fails_before_it_answers_is_a_502(run: Run, do: str) -> None:
    got = run(lambda g: g.post(do=do))

    assert (got.status_code, got.json()) == (502, "DEFAULT_5XX")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("do", ["raise late", "exit late"])
def test_an_answer_that_breaks_off_has_no_end(run: Run, do: str, scheme: str) -> None:
    async def use(harness: Harness) -> None:
        url = getattr(harness, scheme)
        await harness.client.post(f"{url}/open", json={"do": do, "parts": ["x"]})

    with pytest.raises(httpx2.TransportError):
        run(use)


def test_an_answer_without_a_head_is_a_500(run: Run) -> None:
    got = run(lambda g: g.post(), archive=zipped(runtime_loop=MALFORMED_LOOP))

    assert (got.status_code, got.json()) == (500, "DEFAULT_5XX")


def test_an_integration_past_its_time_is_a_504(run: Run) -> None:
    got = run(lambda g: g.post(do="sleep"), definition=api(timeout=1.0))

    assert (got.status_code, got.json()) == (504, "INTEGRATION_TIMEOUT")


def test_a_buffered_response_is_passed_on(run: Run) -> None:
    payload = {"statusCode": 207, "body": "aGk=", "isBase64Encoded": True}

    got = run(lambda g: g.client.post(f"{g.http}/whole", json=payload))

    assert (got.status_code, got.content) == (207, b"hi")


@pytest.mark.parametrize("payload", ["[]", "{}", "no json"])
def test_a_buffered_response_of_another_shape_is_a_500(run: Run, payload: str) -> None:
    got = run(lambda g: g.client.post(f"{g.http}/whole", content=payload))

    assert (got.status_code, got.json()) == (500, "DEFAULT_5XX")


def test_a_good_key_reaches_the_function(run: Run) -> None:
    got = run(lambda g: g.client.post(f"{g.http}/keyed", json={}, headers={"x-api-key": "good"}))

    assert got.status_code == 201


def test_a_bad_key_does_not(run: Run) -> None:
    got = run(lambda g: g.client.post(f"{g.http}/keyed", json={}, headers={"x-api-key": "bad"}))

    assert (got.status_code, got.json()) == (403, "INVALID_API_KEY")


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/nope", "MISSING_AUTHENTICATION_TOKEN"), ("", "MISSING_AUTHENTICATION_TOKEN")],
)
def test_no_such_route(run: Run, path: str, kind: str) -> None:
    got = run(lambda g: g.client.get(f"{g.http}{path}"))

    assert (got.status_code, got.json()) == (403, kind)


def test_no_such_stage(run: Run) -> None:
    got = run(lambda g: g.client.get(g.http.replace("/test", "/other/open")))

    assert (got.status_code, got.json()) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize("size", [6 * 1024 * 1024, 10 * 1024 * 1024 + 1])
def test_too_large_a_request_is_a_413(run: Run, size: int) -> None:
    got = run(lambda g: g.client.post(f"{g.http}/open", content=b"x" * size))

    assert (got.status_code, got.json()) == (413, "REQUEST_TOO_LARGE")


@pytest.mark.parametrize(("endpoints", "size"), [((), 20_480), (("vpce-1",), 8_000)])
def test_too_many_headers_are_a_431(run: Run, endpoints: tuple[str, ...], size: int) -> None:
    definition = dataclasses.replace(api(), vpc_endpoints=endpoints)

    def status_of(length: int) -> int:
        headers = {"x-long": "x" * length}
        got = run(lambda g: g.client.get(f"{g.http}/open", headers=headers), definition=definition)
        return int(got.status_code)

    assert (status_of(size) == 431, status_of(size - 500) == 431) == (True, False)


def test_each_request_is_a_line_in_the_access_log(run: Run) -> None:
    async def use(harness: Harness) -> list[tuple[str, str, str]]:
        await harness.client.post(f"{harness.http}/keyed", json={}, headers={"x-api-key": "good"})
        await harness.client.get(f"{harness.http}/nope")
        while len(harness.access_log.lines) < 2:
            await asyncio.sleep(0.01)
        return harness.access_log.lines

    assert [(group, text) for group, _, text in run(use)] == [
        ("/access", "201 k1 /test/keyed"),
        ("/access", "403 - /test/nope"),
    ]
