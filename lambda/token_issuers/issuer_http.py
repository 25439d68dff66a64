"""Reads a JSON document of an issuer over HTTPS, within seconds and kilobytes."""

import json
import threading
import urllib.request
from http.client import HTTPException
from queue import Empty, SimpleQueue
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit

from token_issuers.errors import IssuerUnavailable

# API Gateway waits 10 s for the authorizer of an HTTP API, and names no number for that of a REST
# API. The two documents of an issuer, one after the other, are there or given up well before:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
DOCUMENT_SECONDS: Final = 2.0
MAX_BYTES: Final = 256 * 1024


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An issuer's documents are where its URL says: a redirect could lead anywhere."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


def fetch_json(url: str) -> dict[str, Any]:
    """Return the JSON object at `url`. Raises IssuerUnavailable."""
    check_url(url)
    try:
        document = json.loads(_fetch_in_time(url))
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        raise IssuerUnavailable(f"{url} could not be read: {type(error).__name__}") from error
    if not isinstance(document, dict):
        raise IssuerUnavailable(f"{url} holds no JSON object")
    return document


def check_url(url: str) -> None:
    """Raise IssuerUnavailable unless `url` is HTTPS, or HTTP of this very machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise IssuerUnavailable("the issuer names a URL that is none") from error
    is_local = parts.scheme == "http" and host in {"127.0.0.1", "localhost", "::1"}
    if not host or not (parts.scheme == "https" or is_local):
        raise IssuerUnavailable("the issuer names a URL that is not HTTPS")


def _fetch_in_time(url: str) -> bytes:
    """Return the body at `url`. Raises TimeoutError after DOCUMENT_SECONDS.

    A socket's timeout begins again with each address and each byte, and there is none for DNS: a
    thread is what can be left alone.
    """
    outcome: SimpleQueue[bytes | Exception] = SimpleQueue()

    def fetch() -> None:
        try:
            outcome.put(_fetch(url))
        except Exception as error:  # noqa: BLE001 - raised again by who waits
            outcome.put(error)

    threading.Thread(target=fetch, daemon=True).start()
    try:
        result = outcome.get(timeout=DOCUMENT_SECONDS)
    except Empty:
        raise TimeoutError from None
    if isinstance(result, Exception):
        raise result
    return result


def _fetch(url: str) -> bytes:
    request = urllib.request.Request(url, headers={"accept": "application/json"})  # noqa: S310 - by check_url
    try:
        with _opener.open(request, timeout=DOCUMENT_SECONDS) as response:
            body: bytes = response.read(MAX_BYTES + 1)
    except HTTPError as error:
        error.close()
        raise
    if len(body) > MAX_BYTES:
        raise ValueError("larger than any list of keys")
    return body
