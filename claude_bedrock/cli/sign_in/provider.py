"""An identity provider over HTTPS: its endpoints by discovery, and forms that are sent to them.

https://openid.net/specs/openid-connect-discovery-1_0.html"""

import json
import ssl
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx2

from claude_bedrock.cli.sign_in.errors import ProviderError

_SECONDS: Final = 15.0
_DISCOVERY: Final = "/.well-known/openid-configuration"
_DEFAULT_SCOPES: Final = ("openid", "profile", "email", "offline_access")
"""`offline_access` asks for a refresh token:
https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess"""


class Provider(NamedTuple):
    """The endpoints of an issuer, those that it may leave out being None."""

    issuer: str
    authorization_endpoint: str | None
    token_endpoint: str
    device_authorization_endpoint: str | None
    revocation_endpoint: str | None
    scopes_supported: tuple[str, ...] | None

    def default_scope(self) -> str:
        """Return what to ask for: of the usual scopes, those that the provider lists, since some
        refuse others."""
        listed = self.scopes_supported
        return " ".join(each for each in _DEFAULT_SCOPES if listed is None or each in listed)


def discover(issuer: str) -> Provider:
    """Return the endpoints of the issuer. Raises ProviderError, also where the document names
    another issuer or an endpoint without TLS."""
    if urlsplit(issuer).scheme != "https" or not urlsplit(issuer).hostname:
        raise ProviderError(f"{issuer!r} is not an issuer. Give its URL, which begins https://.")
    url = issuer.rstrip("/") + _DISCOVERY
    document = _json(url, _send("GET", url))
    if document.get("issuer") != issuer:
        raise ProviderError(
            f"{url} names the issuer {document.get('issuer')!r}. Give exactly that by --issuer if "
            "you trust it."
        )
    scopes = document.get("scopes_supported")
    return Provider(
        issuer,
        _endpoint(document, "authorization_endpoint"),
        _endpoint(document, "token_endpoint") or _missing(url, "token_endpoint"),
        _endpoint(document, "device_authorization_endpoint"),
        _endpoint(document, "revocation_endpoint"),
        tuple(map(str, scopes)) if isinstance(scopes, list) else None,
    )


def post(url: str, form: str) -> httpx2.Response:
    """Send the form, and return what came, whatever its status. Raises ProviderError."""
    return _send("POST", url, form)


def post_for_json(url: str, form: str) -> Mapping[str, Any]:
    """Send the form, and return the JSON object that came. Raises ProviderError."""
    return _json(url, _send("POST", url, form))


def get_json(url: str, bearer: str) -> Mapping[str, Any]:
    """Return the JSON object that the bearer of the token gets. Raises ProviderError."""
    return _json(url, _send("GET", url, bearer=bearer))


def _send(
    method: str, url: str, form: str | None = None, bearer: str | None = None
) -> httpx2.Response:
    """Follow no redirect: what is sent may hold a code or a token."""
    headers = {"accept": "application/json"}
    if bearer is not None:
        headers["authorization"] = f"Bearer {bearer}"
    if form is not None:
        headers["content-type"] = "application/x-www-form-urlencoded"
    try:
        # Python's default reads SSL_CERT_FILE, where an organization's own authority may be.
        with httpx2.Client(verify=ssl.create_default_context(), timeout=_SECONDS) as client:
            return client.request(method, url, content=form, headers=headers)
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise ProviderError(f"{host_of(url)} does not answer: {reason}") from error


def _json(url: str, response: httpx2.Response) -> Mapping[str, Any]:
    try:
        values = json.loads(response.content)
    except ValueError:
        values = None
    if response.status_code != 200 or not isinstance(values, dict):
        raise ProviderError(
            f"{host_of(url)} answered {response.status_code} to {urlsplit(url).path}"
            f"{explain(values)}."
        )
    return values


def explain(values: object) -> str:
    """Return what an error of OAuth says, after a colon; empty for anything else."""
    if not isinstance(values, dict) or not values.get("error"):
        return ""
    described = str(values.get("error_description") or "")[:200]
    return f": {str(values['error'])[:60]}{f' ({described})' if described else ''}"


def host_of(url: str) -> str:
    """Return host and port of a URL: all that a message needs of it."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _endpoint(document: Mapping[str, Any], name: str) -> str | None:
    url = document.get(name)
    if url is None:
        return None
    if not isinstance(url, str) or urlsplit(url).scheme != "https":
        raise ProviderError(f"The provider's {name} is not an https:// URL.")
    return url


def _missing(url: str, name: str) -> str:
    raise ProviderError(f"{url} names no {name}: it is not the document of an OpenID provider.")
