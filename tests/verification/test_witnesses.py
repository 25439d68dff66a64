"""The two witnesses of a record, identity and metadata, have to name the same caller."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.caller_sessions.session_name import session_name
from claude_bedrock.verification.calls import fit_metadata
from claude_bedrock.verification.session_match import is_session_of
from gateway.caller import from_event_context
from gateway.request_metadata import _sanitized
from tests.verification.scenario import ROLE, audit_line
from tests.verification.test_matching import both, kinds

SESSIONS = "arn:aws:sts::123456789012:assumed-role/caller"
SIGNER = "arn:aws:sts::123456789012:assumed-role/Deployer/ci"
KEY = {"api_key_id": "k1", "api_key_name": "search.web"}


def found(caller: dict[str, str], session: str) -> list[str]:
    line = {**audit_line("r1"), "api_key_id": "", "api_key_name": "", **caller}
    metadata = {"gateway_request_id": "gateway-r1", **caller}
    identity = {"arn": f"{SESSIONS}/{session}"}
    return kinds(both(line, requestMetadata=metadata, identity=identity))


@pytest.mark.parametrize(
    ("caller", "session"),
    [
        (KEY, "search.web"),
        ({"api_key_id": "k1"}, "key=3Ak1"),
        ({"caller": "ana@example.com", "token_issuer": "corp"}, "corp=3Aana@example.com"),
        ({"caller": "search.web", "token_issuer": "corp"}, "corp=3Asearch.web"),
        ({"caller": fit_metadata("Zoë, B"), "token_issuer": "corp"}, session_name("corp:Zoë, B")),
        ({"caller_arn": SIGNER}, session_name("Deployer/ci")),
        ({"caller_arn": "arn:aws:iam::123456789012:user/jobs/night"}, "user=3Anight"),
    ],
)
def test_a_session_by_the_callers_name_is_no_finding(caller: dict[str, str], session: str) -> None:
    assert found(caller, session) == []
    assert found(caller, "nobody") == ["session_mismatch"]


@pytest.mark.parametrize(
    ("caller", "session"),
    [
        ({"api_key_id": "k1"}, "k1"),
        ({"caller": "ana@example.com", "token_issuer": "corp"}, "ana@example.com"),
        ({"caller": fit_metadata("Zoë, B"), "token_issuer": "corp"}, session_name("Zoë, B")),
        ({"caller_arn": "arn:aws:iam::123456789012:user/jobs/night"}, "night"),
    ],
)
def test_until_november_2026_a_session_had_the_name_alone(
    caller: dict[str, str], session: str
) -> None:
    assert found(caller, session) == []


@pytest.mark.parametrize("session", ["search.web", "github=3Asearch.web", "user=3Asearch.web"])
def test_the_session_of_another_credential_is_a_finding_whatever_the_name(session: str) -> None:
    caller = {"caller": "search.web", "token_issuer": "corp"}
    assert found(caller, session) == ["session_mismatch"]


def test_before_caller_sessions_there_was_one_witness() -> None:
    assert kinds(both(audit_line("r1"), identity={"arn": ROLE})) == []


def test_metadata_that_names_nobody_is_no_witness() -> None:
    unread = {"errorCode": "ValidationException", "requestMetadata": {}}
    line = {**audit_line("r1"), "upstream_status": 400}
    assert kinds(both(line, **unread, identity={"arn": f"{SESSIONS}/search.web"})) == []


@given(st.text(min_size=1, max_size=300))
def test_what_the_gateway_writes_in_both_places_matches(caller: str) -> None:
    metadata = {"token_issuer": "corp", "caller": _sanitized(caller)}
    assert is_session_of(metadata, session_name(f"corp:{caller}"))


FITTING = st.text("aB9 :_@$#=/+,.-", min_size=1, max_size=20)


@given(FITTING, FITTING)
def test_another_callers_session_does_not(caller: str, other: str) -> None:
    metadata = {"token_issuer": "corp", "caller": other}
    assert is_session_of(metadata, session_name(f"corp:{caller}")) == (caller == other)


@given(st.sampled_from(["assumed-role/R/S", "user/path/of/ana", "user/ana", "root"]))
def test_a_signer_is_named_as_the_gateway_names_it(resource: str) -> None:
    arn = f"arn:aws:sts::123456789012:{resource}"
    context = {"identity": {"userArn": arn}}
    name = from_event_context(context).name
    assert found({"caller_arn": arn}, session_name(name)) == []
