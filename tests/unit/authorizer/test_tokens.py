"""A token of a configured issuer is a credential; a hostile one is a 401, and never a failure."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from authorizer import handler
from tests.unit.authorizer.local_issuer import (
    AUDIENCE,
    EC_KEY,
    RSA_KEY,
    LocalIssuer,
    local_issuer,
    public_jwk,
)
from tests.unit.authorizer.test_handler import METHOD_ARN, event
from token_issuers import signing_keys
from token_issuers.errors import IssuerUnavailable

LAMBDA = Path(__file__).parents[3] / "lambda"
USAGE_KEY = "cobtokenissuer0123456789"
STRANGERS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def configuration(url: str, **changes: object) -> dict[str, Any]:
    return {
        "name": "company",
        "url": url,
        "audience": AUDIENCE,
        "caller_claim": "sub",
        "fixed_team": "search",
        "team_claim": "",
        "teams": [],
        "required": {},
        "plan": "default",
        "usage_key": USAGE_KEY,
        **changes,
    }


def configure(monkeypatch: pytest.MonkeyPatch, *issuers: dict[str, Any]) -> None:
    """Have a new process of the function with these issuers."""
    monkeypatch.setenv("TOKEN_ISSUERS", json.dumps(issuers))
    for cached in (handler._token_callers, handler._usage_keys):
        cached.cache_clear()


@pytest.fixture(scope="module")
def running_issuer() -> Iterator[LocalIssuer]:
    with local_issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(running_issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalIssuer]:
    """A new issuer at the same address, which the function knows and has not asked yet."""
    running_issuer.__init__(running_issuer.url)  # type: ignore[misc]
    configure(monkeypatch, configuration(running_issuer.url))
    yield running_issuer
    for cached in (handler._token_callers, handler._usage_keys):
        cached.cache_clear()


def answer(token: str, name: str = "authorization") -> dict[str, Any]:
    value = f"Bearer {token}" if name == "authorization" else token
    return handler.handle(event({name: value}), None)


def effect(response: dict[str, Any]) -> str:
    [statement] = response["policyDocument"]["Statement"]
    assert statement["Resource"] == METHOD_ARN
    return str(statement["Effect"])


def refused(token: str) -> bool:
    with pytest.raises(handler.Unauthorized) as refusal:
        answer(token)
    return str(refusal.value) == "Unauthorized"


@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
@pytest.mark.parametrize(
    ("algorithm", "kid"),
    [("RS256", "rsa"), ("PS512", "rsa"), ("ES256", "ec"), ("ES384", "ec-384"), ("EdDSA", "ed")],
)
def test_a_token_names_its_caller(
    issuer: LocalIssuer, header: str, algorithm: str, kid: str
) -> None:
    response = answer(issuer.token(algorithm, kid), header)

    assert effect(response) == "Allow"
    assert response["principalId"] == "ada@example.com"
    assert response["usageIdentifierKey"] == USAGE_KEY
    assert response["context"] == {
        "caller": "ada@example.com",
        "team": "search",
        "plan": "default",
        "tokenIssuer": "company",
        "keyHeader": header,
    }


@pytest.mark.usefixtures("issuer")
def test_the_key_of_an_issuer_is_no_credential() -> None:
    assert refused(USAGE_KEY)


def test_a_key_is_handed_on_before_any_issuer_is_asked(issuer: LocalIssuer) -> None:
    assert answer("abcdefghijklmnopqrst")["usageIdentifierKey"] == "abcdefghijklmnopqrst"
    assert issuer.paths == []


def test_a_key_imports_nothing_that_checks_tokens() -> None:
    code = f"""
import json, os, sys
os.environ["TOKEN_ISSUERS"] = {json.dumps(json.dumps([configuration("https://issuer.example")]))}
from authorizer import handler
handler.handle({{"headers": {{"x-api-key": "abcdefghijklmnopqrst"}}, "methodArn": "a"}}, None)
print(*sys.modules)
"""
    command = [sys.executable, "-S", "-c", code]
    process = subprocess.run(command, cwd=LAMBDA, capture_output=True, text=True, check=True)
    assert {"jwt", "cryptography", "token_issuers", "urllib.request"}.isdisjoint(
        process.stdout.split()
    )


def test_keys_of_an_issuer_are_read_once(issuer: LocalIssuer) -> None:
    for _ in range(3):
        answer(issuer.token())
    assert issuer.paths == ["/.well-known/openid-configuration", "/keys"]


def segment(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(issuer: LocalIssuer, header: dict[str, object], signature: bytes = b"") -> str:
    return f"{segment(header)}.{segment(issuer.claims())}.{segment(signature)}"


def with_public_key_as_secret(issuer: LocalIssuer) -> str:
    """The key confusion: the public key, which anyone has, as the secret of HS256."""
    import hmac  # noqa: PLC0415 - PyJWT itself refuses to make such a token

    pem = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{segment({'alg': 'HS256', 'kid': 'rsa'})}.{segment(issuer.claims())}"
    return f"{signed}.{segment(hmac.digest(pem, signed.encode(), 'sha256'))}"


def by_unknown_issuer(issuer: LocalIssuer, **header: object) -> str:
    headers = {"kid": "rsa", **header}
    token: str = jwt.encode(issuer.claims(), STRANGERS_KEY, "RS256", headers=headers)
    return token


NOW = int(time.time())
HOSTILE: Mapping[str, Callable[[LocalIssuer], str]] = {
    "no algorithm": lambda i: forged(i, {"alg": "none"}),
    "NONE": lambda i: forged(i, {"alg": "NONE", "kid": "rsa"}),
    "no alg header": lambda i: forged(i, {"kid": "rsa"}),
    "alg of another type": lambda i: forged(i, {"alg": ["RS256"], "kid": "rsa"}),
    "key confusion": with_public_key_as_secret,
    "signed by a stranger": by_unknown_issuer,
    "its own key": lambda i: by_unknown_issuer(i, jwk=public_jwk(STRANGERS_KEY)),
    "keys at a URL of its own": lambda i: by_unknown_issuer(
        i, jku=f"{i.url}/mine", x5u=f"{i.url}/mine"
    ),
    "no signature": lambda i: i.token().rpartition(".")[0] + ".",
    "another signature": lambda i: i.token().rpartition(".")[0] + "." + segment(b"x" * 256),
    "unknown key": lambda i: i.token(kid="other"),
    "key id as a path": lambda i: i.token(kid="../../../../dev/null"),
    "key id as SQL": lambda i: i.token(kid="' UNION SELECT 'secret' --"),
    "key id empty": lambda i: i.token(kid=""),
    "key id huge": lambda i: i.token(kid="k" * 4000),
    "key id of another type": lambda i: forged(i, {"alg": "RS256", "kid": {"a": 1}}),
    "no key id, several keys": lambda i: i.token(kid=None),
    "the key of another algorithm": lambda i: forged(i, {"alg": "RS256", "kid": "ec"}, b"x" * 64),
    "a critical header": lambda i: i.token(header={"crit": ["exp"], "exp": NOW}),
    "another audience": lambda i: i.token(aud="somebody-else"),
    "no audience": lambda i: i.token(aud=None),
    "audience of another type": lambda i: i.token(aud={"a": AUDIENCE}),
    "another issuer": lambda i: i.token(iss="https://evil.example"),
    "issuer with a path": lambda i: i.token(iss=f"{i.url}/"),
    "issuer of another type": lambda i: i.token(iss=[i.url]),
    "expired": lambda i: i.token(exp=NOW - 120),
    "without an end": lambda i: i.token(exp=None),
    "an end of another type": lambda i: i.token(exp=str(NOW + 600)),
    "a truth as its end": lambda i: i.token(exp=True),
    "an infinite end": lambda i: i.token(exp=float("inf")),
    "not yet valid": lambda i: i.token(nbf=NOW + 86_400),
    "issued tomorrow": lambda i: i.token(iat=NOW + 86_400),
    "subject of another type": lambda i: i.token(sub=5),
    "huge": lambda i: i.token(padding="x" * 9000),
}
MALFORMED = {
    "claims that are a list": (b"[1]", b"x"),
    "claims of any depth": (b"[" * 3000, b"x"),
    "claims that are no JSON": (b"{", b"x"),
    "no claims": (b"", b"x"),
    "bytes that are no text": (b"\xff", b"\xff"),
}


@pytest.mark.parametrize("claims", MALFORMED)
def test_a_malformed_token_is_a_401(issuer: LocalIssuer, claims: str) -> None:
    payload, signature = MALFORMED[claims]
    assert refused(f"{segment({'alg': 'RS256'})}.{segment(payload)}.{segment(signature)}")
    assert refused(f"{segment(payload)}.{segment({})}.{segment(signature)}")
    assert refused("a.b.c")
    assert issuer.paths == []


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_hostile_token_is_a_401(
    issuer: LocalIssuer, attack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    token = HOSTILE[attack](issuer)

    assert refused(token)
    assert not {"/mine"} & {*issuer.paths}
    log = json.loads(capsys.readouterr().out)
    assert log["message"] == "token refused"
    assert log["reason"].startswith("it")
    assert log["request_id"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert not any(part and part in str(log) for part in token.split(".") if len(part) > 3)


def test_a_token_that_is_wrong_anyway_costs_no_request_to_the_issuer(issuer: LocalIssuer) -> None:
    assert refused(issuer.token(exp=NOW - 120))
    assert refused(issuer.token(aud="somebody-else"))
    assert issuer.paths == []


def test_clocks_may_differ_by_a_minute(issuer: LocalIssuer) -> None:
    now = int(time.time())
    assert effect(answer(issuer.token(exp=now - 45, iat=now + 45, nbf=now + 45))) == "Allow"


@pytest.mark.parametrize("lines", [2, 3])
def test_of_different_tokens_in_one_header_none_is_picked(issuer: LocalIssuer, lines: int) -> None:
    tokens = [issuer.token(sub=f"caller-{number}") for number in range(lines)]
    with pytest.raises(handler.Unauthorized):
        handler.handle(event(None, *(("x-api-key", token) for token in tokens)), None)


@given(token=st.from_regex(handler._TOKEN, fullmatch=True) | st.text())
def test_any_text_is_a_401_or_a_key(token: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        configure(patch, configuration("https://issuer.invalid"))
        try:
            response = handler.handle(event({"x-api-key": token}), None)
        except handler.Unauthorized:
            return
        assert not handler._TOKEN.fullmatch(response["usageIdentifierKey"])


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
CLAIM_NAMES = st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "sub", "jti", "alg", "kid"])


@given(
    header=st.dictionaries(CLAIM_NAMES, JSON),
    claims=st.dictionaries(CLAIM_NAMES, JSON),
    algorithm=st.sampled_from(["RS256", "ES256", "EdDSA", "HS256", "none"]),
)
def test_claims_of_any_type_are_a_401(
    running_issuer: LocalIssuer, header: dict[str, Any], claims: dict[str, Any], algorithm: str
) -> None:
    complete = {"alg": algorithm, "kid": "rsa", **header}
    payload = {**running_issuer.claims(), **claims}
    token = f"{segment(complete)}.{segment(payload)}.{segment(b'x' * 64)}"
    with pytest.MonkeyPatch.context() as patch:
        configure(patch, configuration(running_issuer.url))
        patch.setattr(running_issuer, "status", 200)
        assert refused(token)


def test_keys_stay_in_use_while_the_issuer_is_down(
    issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(issuer.token())
    issuer.status = 500
    monkeypatch.setattr(signing_keys, "MAX_AGE", -1.0)
    monkeypatch.setattr(signing_keys, "UNKNOWN_KEY_INTERVAL", 0.0)
    assert effect(answer(issuer.token())) == "Allow"
    assert len(issuer.paths) == 3


def test_an_unknown_key_is_asked_for_once_a_minute(
    issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(issuer.token())
    issuer.keys = [public_jwk(STRANGERS_KEY, kid="new")]
    rotated = jwt.encode(issuer.claims(), STRANGERS_KEY, "RS256", headers={"kid": "new"})

    assert refused(rotated)
    assert len(issuer.paths) == 2
    monkeypatch.setattr(signing_keys, "UNKNOWN_KEY_INTERVAL", 0.0)
    assert effect(answer(rotated)) == "Allow"
    assert refused(issuer.token())


@pytest.mark.parametrize(
    ("fault", "value"),
    [
        ("status", 500),
        ("delay", 1.0),
        ("documents", {"/keys": {"keys": []}}),
        ("documents", {"/keys": {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "rsa"}]}}),
        ("documents", {"/keys": {"keys": "none"}}),
        ("documents", {"/keys": [1]}),
        ("documents", {"/keys": b"{"}),
        ("documents", {"/keys": b"[" * 300_000}),
        ("documents", {"/.well-known/openid-configuration": {"issuer": "https://another.example"}}),
    ],
)
def test_an_issuer_without_keys_is_no_401(
    issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch, fault: str, value: object
) -> None:
    monkeypatch.setattr("token_issuers.issuer_http.DOCUMENT_SECONDS", 0.3)
    setattr(issuer, fault, value)
    with pytest.raises(IssuerUnavailable):
        answer(issuer.token())
    asked = len(issuer.paths)
    with pytest.raises(IssuerUnavailable):
        answer(issuer.token())
    assert len(issuer.paths) == asked


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://169.254.169.254/latest/meta-data", "http://[", "keys", 5]
)
def test_only_https_is_fetched(issuer: LocalIssuer, url: object) -> None:
    document = {"issuer": issuer.url, "jwks_uri": url}
    issuer.documents = {"/.well-known/openid-configuration": document}
    with pytest.raises(IssuerUnavailable):
        answer(issuer.token())


def test_no_redirect_is_followed(issuer: LocalIssuer) -> None:
    issuer.status, issuer.headers = 302, {"location": f"{issuer.url}/mine"}
    with pytest.raises(IssuerUnavailable):
        answer(issuer.token())
    assert "/mine" not in issuer.paths


def test_small_keys_and_keys_for_encryption_are_not_used(issuer: LocalIssuer) -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - too small
    issuer.keys = [
        public_jwk(small, kid="small"),
        public_jwk(EC_KEY, kid="ec", use="enc"),
        public_jwk(RSA_KEY, kid="rsa", alg="RS512"),
    ]
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        by_small = jwt.encode(issuer.claims(), small, "RS256", headers={"kid": "small"})
    assert refused(by_small)
    assert refused(issuer.token("ES256", "ec"))
    assert refused(issuer.token("RS256", "rsa"))
    assert effect(answer(issuer.token("RS512", "rsa"))) == "Allow"


@pytest.mark.parametrize(
    "name", ["ada", "ada@example.com", "Ada L.", "repo:org/app:ref:refs/heads/x"]
)
def test_a_caller_has_the_characters_of_request_metadata(issuer: LocalIssuer, name: str) -> None:
    assert answer(issuer.token(sub=name))["context"]["caller"] == name


@pytest.mark.parametrize("name", ["", " ada", "a  b", "adä", "a\nb", "a|b", "a" * 129, "a{b}"])
def test_another_caller_is_denied_and_not_sent_to_sign_in_again(
    issuer: LocalIssuer, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    response = answer(issuer.token(sub=name))
    assert effect(response) == "Deny"
    assert "usageIdentifierKey" not in response
    reason = json.loads(capsys.readouterr().out)["reason"]
    assert reason.startswith("the claim sub is not 1 to 128 ASCII letters")


STS = "https://sts.amazonaws.com/"


@pytest.mark.parametrize(
    ("claims", "changes", "expected"),
    [
        ({"groups": ["search", "staff"]}, {"team_claim": "groups"}, "search"),
        ({"groups": "support"}, {"team_claim": "groups"}, "support"),
        ({"groups": ["search", "support"]}, {"team_claim": "groups"}, None),
        ({"groups": []}, {"team_claim": "groups"}, None),
        ({}, {"team_claim": "groups"}, None),
        (
            {STS: {"principal_tags": {"team": "search"}}},
            {"team_claim": f"{STS}.principal_tags.team"},
            "search",
        ),
        (
            {"realm_access": {"roles": ["claude"]}},
            {"required": {"realm_access.roles": ["claude"]}},
            "",
        ),
        ({"a.b": "x", "a": {"b": "y"}}, {"required": {"a.b": ["x"]}}, ""),
        ({"verified": True}, {"required": {"verified": [True]}}, ""),
        ({"verified": 1}, {"required": {"verified": [True]}}, None),
        ({"verified": "true"}, {"required": {"verified": [True]}}, None),
        ({"tenant": "b"}, {"required": {"tenant": ["a", "b"]}}, ""),
        ({"tenant": "c"}, {"required": {"tenant": ["a", "b"]}}, None),
        ({}, {"required": {"tenant": ["a", "b"]}}, None),
        ({"email": "ada@example.com"}, {"caller_claim": "email"}, ""),
        ({"email": ["ada@example.com"]}, {"caller_claim": "email"}, None),
        ({}, {"caller_claim": "email"}, None),
    ],
)
def test_claims_say_who_is_admitted_and_in_which_team(
    issuer: LocalIssuer,
    monkeypatch: pytest.MonkeyPatch,
    claims: dict[str, object],
    changes: dict[str, object],
    expected: str | None,
) -> None:
    of_stage = {"fixed_team": "", "teams": ["search", "support"]}
    configure(monkeypatch, configuration(issuer.url, **of_stage, **changes))
    response = answer(issuer.token("RS256", "rsa", None, **claims))
    assert response["context"].get("team") == expected
    assert effect(response) == ("Deny" if expected is None else "Allow")


def test_the_audience_chooses_between_issuers_of_one_url(
    issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"name": "ci", "audience": "ci", "usage_key": "another"}
    configure(monkeypatch, configuration(issuer.url), configuration(issuer.url, **other))
    response = answer(issuer.token(aud=["ci", "x"]))
    assert response["context"]["tokenIssuer"] == "ci"
    assert response["usageIdentifierKey"] == "another"


def test_where_there_are_no_issuers_a_token_is_looked_up_as_a_key(
    issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token()
    monkeypatch.delenv("TOKEN_ISSUERS")
    handler._usage_keys.cache_clear()
    assert answer(token)["usageIdentifierKey"] == token
