"""How a sign-in gets its tokens: by a browser, by a code on another device, by a refresh token.

OAuthlib writes the requests and reads the answers; `provider` sends them.
https://oauthlib.readthedocs.io/en/latest/oauth2/clients/webapplicationclient.html"""

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from oauthlib.oauth2 import DeviceClient, OAuth2Error, WebApplicationClient

from claude_bedrock.cli.sign_in import claims, provider
from claude_bedrock.cli.sign_in.errors import ProviderError, SignInRequiredError
from claude_bedrock.cli.sign_in.loopback import Loopback
from claude_bedrock.cli.sign_in.provider import Provider
from claude_bedrock.cli.sign_in.saved import Settings, Tokens

BROWSER_SECONDS: Final = 300.0
_SLOW_DOWN_SECONDS: Final = 5
_VERIFIER_LENGTH: Final = 64

Show = Callable[[Mapping[str, str]], None]
"""Called with what a person needs to go on."""


def by_browser(at: Provider, settings: Settings, show: Show) -> Tokens:
    """Sign in by the authorization code grant with PKCE, state and nonce; `show` gets `url`.

    https://www.rfc-editor.org/rfc/rfc8252, https://www.rfc-editor.org/rfc/rfc7636

    Raises ProviderError, SignInRequiredError."""
    if at.authorization_endpoint is None:
        raise ProviderError("The provider has no authorization endpoint. Sign in with --device.")
    client = WebApplicationClient(settings.client_id)
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    verifier = client.create_code_verifier(_VERIFIER_LENGTH)
    with Loopback(settings.port, state) as loopback:
        url = client.prepare_request_uri(
            at.authorization_endpoint,
            redirect_uri=loopback.redirect_uri,
            scope=settings.scope,
            state=state,
            nonce=nonce,
            code_challenge=client.create_code_challenge(verifier, "S256"),
            code_challenge_method="S256",
            **_parameters(settings),
        )
        show({"url": url})
        answer = loopback.wait(BROWSER_SECONDS)
    code = _code(answer, at)
    form = client.prepare_request_body(
        code=code,
        redirect_uri=loopback.redirect_uri,
        code_verifier=verifier,
        **_client_secret(settings),
    )
    return claims.choose(_grant(at.token_endpoint, form), settings, time.time(), nonce)


def _parameters(settings: Settings) -> dict[str, str]:
    """Return what is not in every request. `audience` names an API at Auth0; a provider ignores
    parameters that it does not know: https://www.rfc-editor.org/rfc/rfc6749#section-3.1"""
    audience = "" if settings.audience == settings.client_id else settings.audience
    named = {"audience": audience, "resource": settings.resource, "prompt": settings.prompt}
    return {name: value for name, value in named.items() if value}


def _client_secret(settings: Settings) -> dict[str, Any]:
    """Return the parameter of a client that has a secret, in the form as `client_secret_post` has
    it: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1"""
    return {"client_secret": settings.client_secret} if settings.client_secret else {}


def _code(answer: Mapping[str, str], at: Provider) -> str:
    """Return the code of an answer whose state was checked. Raises ProviderError where another
    issuer answers (https://www.rfc-editor.org/rfc/rfc9207), SignInRequiredError for a refusal."""
    if answer.get("iss", at.issuer) != at.issuer:
        raise ProviderError(f"The answer came from another issuer: {answer['iss']!r}.")
    if "error" in answer:
        raise SignInRequiredError(f"The provider refused the sign-in{provider.explain(answer)}.")
    if not answer.get("code"):
        raise ProviderError("The provider's answer has no code.")
    return answer["code"]


def by_device(
    at: Provider, settings: Settings, show: Show, sleep: Callable[[float], None] = time.sleep
) -> Tokens:
    """Sign in by the device authorization grant; `show` gets `url`, `code` and where the provider
    has one `complete_url`. https://www.rfc-editor.org/rfc/rfc8628

    Raises ProviderError, SignInRequiredError."""
    if at.device_authorization_endpoint is None:
        raise ProviderError("The provider offers no device code. Sign in without --device.")
    parameters = {key: value for key, value in _parameters(settings).items() if key != "prompt"}
    form = {"client_id": settings.client_id, "scope": settings.scope, **parameters}
    device = provider.post_for_json(at.device_authorization_endpoint, urlencode(form))
    try:
        code, interval = str(device["device_code"]), float(device.get("interval", 5))
        shown = {"url": str(device["verification_uri"]), "code": str(device["user_code"])}
        deadline = time.monotonic() + float(device["expires_in"])
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderError("The provider's answer has no device code.") from error
    if complete := device.get("verification_uri_complete"):
        shown["complete_url"] = str(complete)
    show(shown)
    client = DeviceClient(settings.client_id)
    body = client.prepare_request_body(code, include_client_id=True, **_client_secret(settings))
    while time.monotonic() < deadline:
        sleep(interval)
        try:
            return claims.choose(_grant(at.token_endpoint, body), settings, time.time())
        except _PendingError as pending:
            interval += _SLOW_DOWN_SECONDS if pending.slow_down else 0
    raise SignInRequiredError("The code has ended before anybody signed in. Try again.")


def by_refresh_token(token_endpoint: str, settings: Settings, refresh_token: str) -> Tokens:
    """Get new tokens without a person. https://www.rfc-editor.org/rfc/rfc6749#section-6

    Raises ProviderError, and SignInRequiredError where the provider no longer takes the refresh
    token."""
    client = WebApplicationClient(settings.client_id)
    form = client.prepare_refresh_body(
        refresh_token=refresh_token,
        client_id=settings.client_id,
        scope="",
        **_client_secret(settings),
    )
    tokens = claims.choose(_grant(token_endpoint, form), settings, time.time())
    return tokens._replace(refresh_token=tokens.refresh_token or refresh_token)


def revoke(revocation_endpoint: str, settings: Settings, token: str) -> None:
    """Have the provider end the refresh token. https://www.rfc-editor.org/rfc/rfc7009

    Raises ProviderError."""
    form = {"token": token, "token_type_hint": "refresh_token", "client_id": settings.client_id}
    form |= _client_secret(settings)
    response = provider.post(revocation_endpoint, urlencode(form))
    if response.status_code != 200:
        raise ProviderError(
            f"{provider.host_of(revocation_endpoint)} answered {response.status_code} to the "
            "revocation."
        )


class _PendingError(ProviderError):
    """Nobody has entered the device code yet."""

    def __init__(self, *, slow_down: bool) -> None:
        super().__init__("The provider asks to try again later.")
        self.slow_down = slow_down


def _grant(token_endpoint: str, form: str) -> Mapping[str, Any]:
    """Return what the token endpoint grants. Raises ProviderError, SignInRequiredError for a grant
    that has ended or was refused, and _PendingError."""
    response = provider.post(token_endpoint, form)
    host = provider.host_of(token_endpoint)
    if response.status_code >= 500:
        raise ProviderError(f"{host} answered {response.status_code}. Try again later.")
    try:
        granted: Mapping[str, Any] = WebApplicationClient("").parse_request_body_response(
            response.text, scope=None
        )
    except OAuth2Error as error:
        if error.error in {"authorization_pending", "slow_down"}:
            raise _PendingError(slow_down=error.error == "slow_down") from None
        text = provider.explain({"error": error.error, "error_description": error.description})
        if error.error in {"invalid_grant", "access_denied", "expired_token"}:
            raise SignInRequiredError(f"{host} refuses{text}.") from None
        raise ProviderError(f"{host} refuses{text}.") from None
    except (AttributeError, TypeError, ValueError):  # OAuthlib takes it for an object of strings
        raise ProviderError(f"{host} answered what is no token response.") from None
    return granted
