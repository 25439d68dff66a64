"""Tokens of the embedded STS: verified by the keys of its issuer, for the principal that asked."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import botocore.parsers
import botocore.session
import jwt
import pytest
from ministack.services import sts  # type: ignore[import-untyped]

from local.embedded import web_identity
from local.embedded.reply import Call, Reply

KEY = "ASIAEXAMPLE000000002"
SIGNED = {"authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20261129/us-east-1/sts/aws4_request"}


@pytest.fixture(autouse=True)
def account() -> Iterator[None]:
    """An account that issues no tokens yet, and a session of its role `ci`."""
    sts._sessions[KEY] = {
        "Arn": "arn:aws:sts::000000000000:assumed-role/ci/run-1",
        "UserId": "AROA1:run-1",
        "SessionTags": {"team": "search"},
    }
    yield
    web_identity._enabled.clear()
    del sts._sessions[KEY]


async def ministack(call: Call) -> Reply:
    reply: Reply = await sts.handle_request(*call)
    return reply


def ask(service: str, operation: str, **parameters: str) -> dict[str, Any]:
    """What boto3 makes of the answer."""
    wrap = {"sts": web_identity.before_sts, "iam": web_identity.before_iam}[service]
    body = urlencode({"Action": operation, **parameters}).encode()

    async def reply() -> Reply:
        return await wrap(ministack)(Call("POST", "/", SIGNED, body, {}))

    status, headers, content = asyncio.run(reply())
    model = botocore.session.Session().get_service_model(service)
    shape: Any = model.operation_model(operation).output_shape
    answer: dict[str, Any] = botocore.parsers.QueryParser().parse(
        {"status_code": status, "headers": headers, "body": content}, shape
    )
    return answer


def token(algorithm: str, **parameters: str) -> dict[str, Any]:
    asked = {"Audience.member.1": "gateway", "SigningAlgorithm": algorithm, **parameters}
    return ask("sts", "GetWebIdentityToken", **asked)


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_a_token_is_verified_by_the_issuers_keys_and_names_the_role(algorithm: str) -> None:
    issuer = ask("iam", "EnableOutboundWebIdentityFederation")["IssuerIdentifier"]
    answer = token(algorithm, **{"Tags.member.1.Key": "job", "Tags.member.1.Value": "7"})

    with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration") as response:  # noqa: S310
        keys = jwt.PyJWKClient(json.load(response)["jwks_uri"])
    signed = answer["WebIdentityToken"]
    claims = jwt.decode(
        signed,
        keys.get_signing_key_from_jwt(signed).key,
        algorithms=[algorithm],
        audience="gateway",
        issuer=issuer,
        options={"require": ["exp", "iat", "jti", "sub"]},
    )

    assert claims["sub"] == "arn:aws:iam::000000000000:role/ci"
    of_aws = claims["https://sts.amazonaws.com/"]
    assert (of_aws["principal_tags"], of_aws["request_tags"]) == ({"team": "search"}, {"job": "7"})
    assert claims["exp"] - claims["iat"] == 300
    assert answer["Expiration"].timestamp() == claims["exp"]


def test_an_account_issues_no_tokens_until_it_is_turned_on() -> None:
    disabled = "OutboundWebIdentityFederationDisabledException"
    assert token("RS256")["Error"]["Code"] == disabled
    assert ask("iam", "GetOutboundWebIdentityFederationInfo")["Error"]["Code"] == "FeatureDisabled"

    ask("iam", "EnableOutboundWebIdentityFederation")
    assert ask("iam", "EnableOutboundWebIdentityFederation")["Error"]["Code"] == "FeatureEnabled"
    assert ask("iam", "GetOutboundWebIdentityFederationInfo")["JwtVendingEnabled"] is True
    ask("iam", "DisableOutboundWebIdentityFederation")
    assert token("RS256")["Error"]["Code"] == disabled


@pytest.mark.parametrize(
    "wrong", [{"SigningAlgorithm": "HS256"}, {"DurationSeconds": "7200"}, {"Audience.member.1": ""}]
)
def test_what_aws_refuses_is_refused(wrong: dict[str, str]) -> None:
    ask("iam", "EnableOutboundWebIdentityFederation")
    asked = {"Audience.member.1": "gateway", "SigningAlgorithm": "RS256", **wrong}
    assert ask("sts", "GetWebIdentityToken", **asked)["ResponseMetadata"]["HTTPStatusCode"] == 400
