"""A signature by botocore is accepted; the same request changed anywhere is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.bedrock.caller import Caller, Signed, authenticate
from local.bedrock.errors import RefusedError

REGION = "us-east-1"
CALLER = Caller("arn:aws:iam::123456789012:user/dev", "secret", "token")
PATH = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fx/invoke"


def signed(service: str = "bedrock", **headers: str) -> Signed:
    request = AWSRequest(
        "POST",
        f"http://127.0.0.1:8000{PATH}?b=2&a=1",
        data=b"{}",
        headers={"Host": "127.0.0.1:8000", **headers},
    )
    SigV4Auth(Credentials("AKIA", CALLER.secret_access_key, "token"), service, REGION).add_auth(
        request
    )
    lower = {name.lower(): value for name, value in request.headers.items()}
    return Signed("POST", PATH, "b=2&a=1", {**lower, "user-agent": "unsigned"}, b"{}")


def verify(request: Signed, now: datetime | None = None) -> Caller:
    callers = {"AKIA": CALLER}.get
    return authenticate(request, callers=callers, region=REGION, now=now or datetime.now(UTC))


def test_botocores_signature_is_accepted() -> None:
    assert verify(signed()) is CALLER
    assert CALLER.account == "123456789012"


def test_the_request_metadata_must_be_signed() -> None:
    header = "x-amzn-bedrock-request-metadata"
    assert verify(signed(**{header: '{"a": "b"}'})) is CALLER
    request = signed()
    smuggled = request._replace(headers={**request.headers, header: '{"a": "b"}'})
    with pytest.raises(RefusedError, match="must be a signed header"):
        verify(smuggled)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"raw_path": PATH.replace("%2F", "/")},
        {"query": "b=2&a=3"},
        {"body": b"{} "},
    ],
)
def test_a_changed_request_does_not_match(change: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="does not match the signature you provided") as refused:
        verify(signed()._replace(**change))
    assert (refused.value.name, refused.value.status) == ("InvalidSignatureException", 403)


def test_a_body_other_than_the_announced_one_is_refused() -> None:
    announced = signed(**{"X-Amz-Content-SHA256": "0" * 64})
    with pytest.raises(RefusedError, match="does not match the body"):
        verify(announced)


@pytest.mark.parametrize(
    ("minutes", "message"), [(6, "Signature expired"), (-6, "Signature not yet current")]
)
def test_the_clock_may_be_five_minutes_off(minutes: int, message: str) -> None:
    request, now = signed(), datetime.now(UTC)
    assert verify(request, now + timedelta(minutes=minutes) * 0.5) is CALLER
    with pytest.raises(RefusedError, match=message):
        verify(request, now + timedelta(minutes=minutes))


def test_another_services_signature_is_refused() -> None:
    with pytest.raises(RefusedError, match="correct service: 'bedrock'"):
        verify(signed(service="bedrock-mantle"))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic x",
        "AWS4-HMAC-SHA256 nonsense",
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x",
    ],
)
def test_no_readable_authorization_is_a_missing_token(header: str) -> None:
    request = signed()
    broken = request._replace(headers={**request.headers, "authorization": header})
    with pytest.raises(RefusedError) as refused:
        verify(broken)
    assert refused.value.name == "MissingAuthenticationTokenException"
