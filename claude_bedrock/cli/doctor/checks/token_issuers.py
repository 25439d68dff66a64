"""The checks of the stage's token issuers: whether each names itself and has keys."""

import http.client
import json
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from claude_bedrock.cli.doctor.check import Check, Topic
from claude_bedrock.cli.shared.stage_settings import Settings

NAME = "token issuer"
_SECONDS = 10
_MAX_BYTES = 1_000_000
_KEY_TYPES = {"RSA", "EC", "OKP"}


def check(settings: Settings) -> list[Check]:
    """Check each issuer from this machine, by what the authorizer reads of it:
    https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig"""
    if not settings.token_issuers:
        return [Topic(NAME).skipped("the stage has none")]
    return [_check(Topic(NAME, name), url) for name, url in settings.token_issuers.items()]


def _check(topic: Topic, url: str) -> Check:
    if urlsplit(url).scheme != "https":
        return topic.skipped("on this machine, for local mode")
    return examine(topic, url)


def examine(topic: Topic, url: str) -> Check:
    """Return what is wrong with the issuer at `url`, as far as this machine sees it."""
    location = f"{url.rstrip('/')}/.well-known/openid-configuration"
    try:
        configuration = _read(location)
        if configuration.get("issuer") != url:
            return topic.failed(
                f"{location} names the issuer {configuration.get('issuer')}",
                f"write that into callers.token_issuers.{topic.subject}.issuer, if it is the iss "
                "of your tokens, and deploy",
            )
        location = str(configuration.get("jwks_uri"))
        keys = _read(location).get("keys")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return topic.warning(
            f"{location} could not be read from here: {error}",
            f"is callers.token_issuers.{topic.subject}.issuer the URL in the iss of your tokens? "
            "The authorizer reads it from the internet",
        )
    usable = [key for key in keys if _is_usable(key)] if isinstance(keys, list) else []
    if not usable:
        return topic.failed(
            f"{location} has no key that checks a signature", "ask the issuer's operator"
        )
    return topic.ok(f"names itself, and has {len(usable)} keys")


def _is_usable(key: object) -> bool:
    return isinstance(key, dict) and key.get("kty") in _KEY_TYPES and key.get("use") != "enc"


def _read(url: str) -> Mapping[str, Any]:
    """Return the JSON object at `url`. Raises OSError, HTTPException, ValueError."""
    if urlsplit(url).scheme not in {"https", "http"}:
        raise ValueError("not an HTTPS URL")
    request = urllib.request.Request(url, headers={"accept": "application/json"})  # noqa: S310 - checked above
    with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310
        document = json.loads(response.read(_MAX_BYTES))
    if not isinstance(document, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - of what was read, not of an argument
    return document
