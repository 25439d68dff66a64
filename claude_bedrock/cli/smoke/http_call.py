"""One HTTP request to the endpoint, with all that came back and when."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final, NamedTuple

import httpx2

from claude_bedrock.cli.shared.endpoint import Endpoint, RefusedError
from claude_bedrock.cli.shared.tls import tls_context

_TIMEOUT: Final = httpx2.Timeout(310.0, connect=10.0)
_AT_ONCE: Final = 50


class Response(NamedTuple):
    """`headers` are as they came, names in lower case, repeated ones too; `events` are the seconds
    from the request to each server-sent event."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    started_at: datetime
    events: tuple[float, ...] = ()

    def values(self, name: str) -> list[str]:
        return [value for header, value in self.headers if header == name]

    @property
    def request_id(self) -> str:
        """The header `request-id`, empty if there is none."""
        return next(iter(self.values("request-id")), "")


def send(
    endpoint: Endpoint,
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    last_event: int | None = None,
    content_encoding: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the response to one request, whatever its status. With `last_event` the client
    disconnects after so many events. Raises RefusedError where nothing answers."""
    with _client(endpoint) as client:
        client.headers.update(headers or {})
        if content_encoding:
            client.headers["content-encoding"] = content_encoding
        return _exchange(client, method, _url(endpoint, path), body, last_event)


def send_many(endpoint: Endpoint, path: str, count: int) -> list[Response]:
    """Return the responses to so many GET requests, as fast as one client gets them. Raises as
    `send`."""
    with _client(endpoint) as client, ThreadPoolExecutor(_AT_ONCE) as pool:
        url = _url(endpoint, path)
        sent = [pool.submit(_exchange, client, "GET", url, None, None) for _ in range(count)]
        return [future.result() for future in sent]


def _client(endpoint: Endpoint) -> httpx2.Client:
    trusted = tls_context(endpoint.ca_bundle, endpoint.client_certificate)
    return httpx2.Client(verify=trusted, timeout=_TIMEOUT, auth=endpoint.caller)


def _url(endpoint: Endpoint, path: str) -> str:
    return f"{endpoint.url.rstrip('/')}{path}"


def _exchange(
    client: httpx2.Client, method: str, url: str, body: bytes | None, last_event: int | None
) -> Response:
    headers = {} if body is None else {"content-type": "application/json"}
    started_at, started = datetime.now(UTC), time.monotonic()
    text, events = bytearray(), list[float]()
    try:
        with client.stream(method, url, content=body, headers=headers) as response:
            for chunk in response.iter_bytes():
                text += chunk
                new = text.count(b"\n\n") - len(events) if _is_stream(response) else 0
                events += [time.monotonic() - started] * new
                if last_event is not None and len(events) >= last_event:
                    break
            names = tuple((name.lower(), value) for name, value in response.headers.multi_items())
            return Response(response.status_code, names, bytes(text), started_at, tuple(events))
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        raise RefusedError(f"the endpoint does not answer: {type(error).__name__}") from error


def _is_stream(response: httpx2.Response) -> bool:
    return str(response.headers.get("content-type", "")).startswith("text/event-stream")
