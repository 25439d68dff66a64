"""What doctor says of a stage's token issuers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from claude_bedrock.cli.doctor.check import Topic
from claude_bedrock.cli.doctor.checks import token_issuers
from claude_bedrock.cli.shared.stage_settings import Settings
from tests.unit.authorizer.local_issuer import LocalIssuer, local_issuer

TOPIC = Topic(token_issuers.NAME, "company")


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    with local_issuer() as running:
        yield running


def settings(**issuers: str) -> Settings:
    return Settings("x", "us-east-1", ("us",), None, (), None, 30, False, token_issuers=issuers)


def test_an_issuer_that_names_itself_and_has_keys_is_ok(issuer: LocalIssuer) -> None:
    check = token_issuers.examine(TOPIC, issuer.url)
    assert (check.outcome, check.found) == ("ok", "names itself, and has 4 keys")


def test_a_slash_too_many_is_named_with_what_is_right(issuer: LocalIssuer) -> None:
    check = token_issuers.examine(TOPIC, f"{issuer.url}/")
    assert check.outcome == "failed"
    assert check.found.endswith(f"names the issuer {issuer.url}")
    assert "callers.token_issuers.company.issuer" in check.fix


def test_an_issuer_without_keys_fails(issuer: LocalIssuer) -> None:
    issuer.keys = [{"kty": "oct", "k": "c2VjcmV0"}]
    assert token_issuers.examine(TOPIC, issuer.url).outcome == "failed"


@pytest.mark.parametrize(
    "document", [b"{", [1], {"issuer": "URL", "jwks_uri": "file:///etc/hosts"}]
)
def test_what_cannot_be_read_from_here_is_a_warning(issuer: LocalIssuer, document: object) -> None:
    if isinstance(document, dict):
        document["issuer"] = issuer.url
    issuer.documents = {"/.well-known/openid-configuration": document}
    assert token_issuers.examine(TOPIC, issuer.url).outcome == "warning"


def test_local_mode_and_a_stage_without_issuers_are_skipped() -> None:
    [without] = token_issuers.check(settings())
    [local] = token_issuers.check(settings(local="http://127.0.0.1:9400"))
    assert (without.outcome, local.outcome) == ("skipped", "skipped")
