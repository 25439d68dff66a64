"""One question to the endpoint over plain HTTP, the answer given out as it comes."""

import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Endpoint(NamedTuple):
    """Where to ask; `ca_bundle` is a file with the CAs to trust, None for the system's."""

    url: str
    key: str
    ca_bundle: str | None


class RefusedError(Exception):
    """The endpoint answered with an error, or not at all; the text is for people."""


class Answer(NamedTuple):
    request_id: str
    text: Iterator[str]
    """Pieces as they arrive. Raises RefusedError when the stream ends in an error."""


def ask(endpoint: Endpoint, *, model: str, prompt: str, max_tokens: int) -> Answer:
    """Raises RefusedError."""
    body = {
        "model": model,
        "max_tokens": max_tokens,
        "messages": [{"role": "user", "content": prompt}],
        "stream": True,
    }
    headers = {"content-type": "application/json", "x-api-key": endpoint.key}
    url = f"{endpoint.url.rstrip('/')}/v1/messages"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - the user's
    context = ssl.create_default_context(cafile=endpoint.ca_bundle)
    try:
        response = urllib.request.urlopen(request, context=context)  # noqa: S310 - the user's own URL
    except urllib.error.HTTPError as error:
        raise RefusedError(_reason(error)) from error
    except OSError as error:
        raise RefusedError(f"{url} does not answer: {error}") from error
    return Answer(response.headers["request-id"], _pieces(response))


def _reason(error: urllib.error.HTTPError) -> str:
    request_id = error.headers.get("request-id", "none")
    try:
        said = json.load(error)["error"]
        return f"{error.code} {said['type']}: {said['message']} (request id {request_id})"
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason} (request id {request_id})"


def _pieces(response: http.client.HTTPResponse) -> Iterator[str]:
    with response:
        for line in response:
            if line.startswith(b"data: "):
                yield from _text(json.loads(line.removeprefix(b"data: ")))


def _text(event: Mapping[str, Any]) -> Iterator[str]:
    if event["type"] == "error":
        raise RefusedError(f"{event['error']['type']}: {event['error']['message']}")
    if event["type"] == "content_block_delta" and event["delta"]["type"] == "text_delta":
        yield event["delta"]["text"]
