"""Signature Version 4, by AWS's published vectors and against botocore on random requests."""

from collections.abc import Mapping

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from gateway.signing import Credentials, CredentialsMissing, Signer, signed

# The keys, moment and scope of the suite that AWS published with its General Reference
# (signature-v4-test-suite), of whose requests these are the ones without a query.
EXAMPLE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "")
MOMENT = "20150830T123600Z"
SCOPE = ("20150830", "us-east-1", "service", "aws4_request")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("method", "headers", "body", "signature"),
    [
        ("GET", {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("GET", {"My-Header1": " value1", "My-Header2": ' "a   b   c"'}, b"",
         "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        ("POST", {"My-Header1": "VALUE1"}, b"",
         "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
        ("POST", FORM, b"Param1=value1",
         "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
        ("POST", {"My-Header1": "value1"}, b"",
         "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
        ("GET", {"My-Header1": "value2,value2,value1"}, b"",
         "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
        ("GET", {"My-Header1": "value4,value1,value3,value2"}, b"",
         "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
        ("POST", FORM | {"Content-Type": f"{FORM['Content-Type']}; charset=utf8"}, b"Param1=value1",
         "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"),
    ],
    ids=["get-vanilla", "post-vanilla", "get-header-value-trim", "post-header-key-case",
         "post-x-www-form-urlencoded", "post-header-key-sort", "get-header-key-duplicate",
         "get-header-value-order", "post-x-www-form-urlencoded-parameters"],
)  # fmt: skip
def test_awss_vectors(method: str, headers: Mapping[str, str], body: bytes, signature: str) -> None:
    url = "https://example.amazonaws.com/"
    added = signed(method, url, headers, body, credentials=EXAMPLE, moment=MOMENT, scope=SCOPE)
    assert added["Authorization"].endswith(f"Signature={signature}")


TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP"
    "fIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT"
    "7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlz"
    "m8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)


def test_awss_vector_of_a_paths_characters() -> None:
    """get-unreserved"""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    url = f"https://example.amazonaws.com/-._~0123456789{letters}"
    added = signed("GET", url, {}, b"", credentials=EXAMPLE, moment=MOMENT, scope=SCOPE)
    signature = "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"
    assert added["Authorization"].endswith(f"Signature={signature}")


def test_awss_vector_of_a_sessions_token() -> None:
    """post-sts-header-before: the token is signed, too."""
    url, session = "https://example.amazonaws.com/", EXAMPLE._replace(token=TOKEN)
    added = signed("POST", url, {}, b"", credentials=session, moment=MOMENT, scope=SCOPE)
    signature = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
    assert added["Authorization"].endswith(f"Signature={signature}")


NAMES = st.from_regex(r"x-[a-z]{1,12}", fullmatch=True)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126)).map(str.strip).filter(bool)
PATHS = st.lists(
    st.from_regex(r"([a-zA-Z0-9._~-]|%3A|%2F|%C3%A9){1,12}", fullmatch=True), min_size=1
)


@given(PATHS, st.dictionaries(NAMES, VALUES), st.binary(), st.sampled_from(["", "token=="]))
def test_it_agrees_with_botocore(
    path: list[str], headers: dict[str, str], body: bytes, token: str
) -> None:
    parts = [part for part in path if part.strip(".")] or ["a"]
    url = f"https://bedrock-runtime.us-east-1.amazonaws.com/{'/'.join(parts)}"
    gateway_headers = _sign_as_gateway(url, headers, body, token)
    assert gateway_headers["Authorization"] == _sign_as_botocore(
        url, headers, body, token, gateway_headers["X-Amz-Date"]
    )
    assert gateway_headers.get("X-Amz-Security-Token", "") == token
    assert headers.items() <= gateway_headers.items()


def _sign_as_gateway(
    url: str, headers: Mapping[str, str], body: bytes, token: str
) -> dict[str, str]:
    environment = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
    signer = Signer("us-east-1", {**environment, "AWS_SESSION_TOKEN": token})
    return signer.sign("POST", url, headers, body)


def _sign_as_botocore(
    url: str, headers: Mapping[str, str], body: bytes, token: str, moment: str
) -> str | None:
    request = AWSRequest("POST", url, headers={**headers, "X-Amz-Date": moment}, data=body)
    if token:
        request.headers["X-Amz-Security-Token"] = token
    request.context["timestamp"] = moment
    credentials = BotocoreCredentials("AKID", "secret", token or None)
    signer = SigV4Auth(credentials, "bedrock", "us-east-1")
    canonical = signer.canonical_request(request)
    text = signer.string_to_sign(request, canonical)
    signature = signer.signature(text, request)
    names = signer.signed_headers(signer.headers_to_sign(request))
    return (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={names}, "
        f"Signature={signature}"
    )


def test_a_function_under_snap_start_reports_that_it_does_not_start() -> None:
    variables = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9001/credentials"}
    with pytest.raises(CredentialsMissing, match="SnapStart"):
        Signer("us-east-1", variables)


def test_a_function_without_a_role_does_not_start() -> None:
    with pytest.raises(CredentialsMissing, match="AWS_ACCESS_KEY_ID"):
        Signer("us-east-1", {})
