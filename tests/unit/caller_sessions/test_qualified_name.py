"""The qualified name of a caller: no two callers share one, nor the name of a session."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.caller_sessions import qualified_name
from claude_bedrock.caller_sessions.qualified_name import of_metadata, of_record
from claude_bedrock.caller_sessions.session_name import caller_name, session_name
from gateway.caller import API_KEY, IAM, TOKEN, Caller, from_event_context

ACCOUNT = "arn:aws:iam::123456789012"
STS = "arn:aws:sts::123456789012"
SESSIONS = f"{STS}:assumed-role/claude-on-bedrock-prod-eu-west-1-caller"


class Named(NamedTuple):
    """Who calls, apart from how the gateway writes it."""

    credential: str
    issuer: str
    name: str

    def qualified_name(self) -> str:
        if self.credential == API_KEY:
            return Caller(self.name, credential=API_KEY, api_key_id="a1").qualified_name
        if self.credential == "key id":
            return Caller("", credential=API_KEY, api_key_id=self.name).qualified_name
        if self.credential == TOKEN:
            return Caller(self.name, credential=TOKEN, token_issuer=self.issuer).qualified_name
        arn = f"{STS if self.issuer else ACCOUNT}:{self.credential}"
        arn += f"/{self.issuer}" * bool(self.issuer) + f"/{self.name}"
        return from_event_context({"identity": {"userArn": arn}}).qualified_name


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html has these characters.
OF_IAM = st.from_regex(r"[A-Za-z0-9_+=,.@-]{1,64}", fullmatch=True)
KEY_NAMES = st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True)
ISSUERS = st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True).filter(
    lambda name: name not in qualified_name.RESERVED
)
FEW = st.sampled_from(["a", "b", "a:b", "a/b", "user:a", "key:a", "a=3Ab", "a@b.c"])
CLAIMS = FEW | st.text("aB9 :_@$#=/+,.-", min_size=1, max_size=128)


def some(names: st.SearchStrategy[str], allowed: str) -> st.SearchStrategy[str]:
    """Names that are like others, and any."""
    alike = st.sampled_from(["a", "b", "user", "key", "a1"])
    return alike.filter(lambda name: name in allowed.split()) | names


CALLERS = st.one_of(
    st.builds(Named, st.just(API_KEY), st.just(""), some(KEY_NAMES, "a b user key a1")),
    st.builds(Named, st.just("key id"), st.just(""), some(KEY_NAMES, "a b user key a1")),
    st.builds(Named, st.just(TOKEN), some(ISSUERS, "a b"), CLAIMS),
    st.builds(Named, st.just("user"), st.just(""), some(OF_IAM, "a b user key")),
    st.builds(Named, st.just("federated-user"), st.just(""), some(OF_IAM, "a b user key")),
    st.builds(
        Named, st.just("assumed-role"), some(OF_IAM, "a b user key"), some(OF_IAM, "a b user key")
    ),
)


@given(CALLERS, CALLERS)
def test_two_callers_never_share_a_session(one: Named, other: Named) -> None:
    names = [session_name(each.qualified_name()) for each in (one, other)]
    assert (names[0] == names[1]) == (one == other)


@given(CALLERS)
def test_a_sessions_name_is_read_back_exactly(caller: Named) -> None:
    name = session_name(caller.qualified_name())
    assert name == session_name(caller_name(name)) or "==" in name
    if "==" not in name:
        assert read(caller_name(name)) == caller


def read(name: str) -> Named:
    """Return who has the qualified name."""
    kind, colon, rest = name.partition(":")
    if colon and "/" not in kind:
        if kind == "key":
            return Named("key id", "", rest)
        known = kind in qualified_name.RESERVED
        return Named(kind, "", rest) if known else Named(TOKEN, kind, rest)
    role, slash, session = name.partition("/")
    return Named("assumed-role", role, session) if slash else Named(API_KEY, "", name)


@pytest.mark.parametrize(
    ("metadata", "identity", "name"),
    [
        ({"api_key_id": "a1", "api_key_name": "search.web"}, f"{SESSIONS}/other", "search.web"),
        ({"api_key_id": "a1"}, "", "key:a1"),
        ({"token_issuer": "corp", "caller": "ana@example.com"}, "", "corp:ana@example.com"),
        ({"caller_arn": f"{STS}:assumed-role/Deploy/ci"}, "", "Deploy/ci"),
        ({"caller_arn": f"{ACCOUNT}:user/division/ana"}, "", "user:ana"),
        ({"caller_arn": f"{ACCOUNT}:root"}, "", "account:root"),
        ({}, f"{SESSIONS}/corp=3Aana@example.com", "corp:ana@example.com"),
        ({}, f"{SESSIONS}/Deploy=2Fci", "Deploy/ci"),
        ({}, f"{SESSIONS}/search.web", "search.web"),
        ({}, f"{STS}:assumed-role/Admin/bob", f"{STS}:assumed-role/Admin/bob"),
        ({}, "", ""),
    ],
)
def test_a_records_caller_is_the_one_of_its_metadata_else_of_its_session(
    metadata: dict[str, str], identity: str, name: str
) -> None:
    assert of_record(metadata, identity) == name


@given(CALLERS)
def test_metadata_names_the_caller_as_the_gateway_does(caller: Named) -> None:
    fields = {
        API_KEY: {"api_key_id": "a1", "api_key_name": caller.name},
        "key id": {"api_key_id": caller.name},
        TOKEN: {"token_issuer": caller.issuer, "caller": caller.name},
        "assumed-role": {"caller_arn": f"{STS}:assumed-role/{caller.issuer}/{caller.name}"},
    }
    signed = {"caller_arn": f"{ACCOUNT}:{caller.credential}/{caller.name}"}
    assert of_metadata(fields.get(caller.credential, signed)) == caller.qualified_name()
    assert of_metadata({}) == ""
    assert Caller("", credential=IAM).qualified_name == ""
