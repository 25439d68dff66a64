"""Who is let through where IAM decides."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.api_gateway import event
from local.api_gateway.definition import Api
from local.api_gateway.exchange import Exchange, context
from local.api_gateway.refusals import RefusedError
from local.api_gateway.routing import Match
from local.api_gateway.signature import Signatures
from local.bedrock.caller import Caller

ARN = "arn:aws:sts::123456789012:assumed-role/app/nightly"
ENDS = datetime.now(UTC) + timedelta(hours=1)
CALLER = Caller(ARN, "secret", "token", "AROA1:nightly", ENDS)
METHOD = "arn:aws:execute-api:us-east-1:123456789012:a1/local/POST/v1/x"


def signed(exchange: Exchange, service: str = "execute-api") -> Exchange:
    """The request with a signature of the caller's, by the address that the caller knows."""
    request = AWSRequest(
        exchange.verb,
        f"http://{exchange.host}/local{exchange.path}?{exchange.query}",
        {"x-sent": "echo", "x-twice": "1,2"},  # lines of one name are signed as one
        exchange.body,
    )
    signed_headers = {name for name, _ in exchange.headers}
    SigV4Auth(Credentials("ASIA1", "secret", "token"), service, "us-east-1").add_auth(request)
    added = [(name.lower(), str(value)) for name, value in request.headers.items()]
    exchange.headers += [header for header in added if header[0] not in signed_headers]
    return exchange


def signatures(allowed: str = METHOD, now: datetime | None = None) -> Signatures:
    def allow(caller: Caller, action: str, resource: str) -> bool:
        assert action == "execute-api:Invoke"
        return (caller, resource) == (CALLER, allowed)

    return Signatures({"ASIA1": CALLER}.get, allow, lambda: now or datetime.now(UTC))


def kind(exchange: Exchange, api: Api, judge: Signatures) -> str:
    with pytest.raises(RefusedError) as refused:
        judge.caller(exchange, api)
    return refused.value.kind


def test_who_signed_and_may_call_is_known(exchange: Exchange, api: Api) -> None:
    exchange.body = b"{}"

    assert signatures().caller(signed(exchange), api) == CALLER


def test_each_way_to_be_refused_has_its_kind(exchange: Exchange, api: Api) -> None:
    assert kind(exchange, api, signatures()) == "MISSING_AUTHENTICATION_TOKEN"

    signed(exchange)

    assert kind(exchange, api, signatures(allowed="another")) == "ACCESS_DENIED"
    later = datetime.now(UTC) + timedelta(minutes=10)
    assert kind(exchange, api, signatures(now=later)) == "INVALID_SIGNATURE"
    assert kind(exchange, api, signatures(now=ENDS)) == "EXPIRED_TOKEN"
    exchange.body = b"changed"
    assert kind(exchange, api, signatures()) == "INVALID_SIGNATURE"


def test_a_signature_for_bedrock_is_none_here(exchange: Exchange, api: Api) -> None:
    assert kind(signed(exchange, "bedrock"), api, signatures()) == "INVALID_SIGNATURE"


def test_function_and_access_log_have_the_signer(
    exchange: Exchange, match: Match, api: Api
) -> None:
    assert event.proxy_event(exchange, match, api)["requestContext"]["identity"]["userArn"] is None
    assert "identity.userArn" not in context(exchange, api)

    exchange.caller = CALLER

    identity = event.proxy_event(exchange, match, api)["requestContext"]["identity"]
    assert identity["userArn"] == context(exchange, api)["identity.userArn"] == ARN
    assert identity["caller"] == identity["user"] == "AROA1:nightly"
    assert identity["accountId"] == "123456789012"
    assert "apiKeyId" not in identity
