"""What `claude-bedrock token` costs, what it reads, and what a sign-in is made of."""

import json
import os
import stat
import subprocess
import sys
import threading
import time
from base64 import urlsafe_b64encode
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from claude_bedrock.cli.login.choose_settings import LoginOptions, choose
from claude_bedrock.cli.main import app
from claude_bedrock.cli.shared.deployment import NoTargetError
from claude_bedrock.cli.shared.redaction import redact
from claude_bedrock.cli.sign_in import claims, grants, private_file, provider, saved, web_identity
from claude_bedrock.cli.sign_in.errors import ProviderError, SignInRequiredError
from claude_bedrock.cli.sign_in.loopback import Loopback
from claude_bedrock.cli.sign_in.saved import Settings, Tokens
from claude_bedrock.cli.token.saved_token import print_token
from tests.unit.cli.answers import Server

SETTINGS = Settings("https://login.example.com", "client", "client")
NO_ARGUMENTS = LoginOptions(None, None, None, None, None, None, None, None, None)
SLOW = ("boto3", "botocore", "httpx2", "oauthlib", "keyring", "typer", "rich", "ssl", "duckdb")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr("keyring.core._keyring_backend", None)
    return tmp_path


def jwt(**values: object) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, values)]
    return ".".join([*(urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "x"])


def signed_in(name: str = "default", seconds: float = 3600.0) -> Tokens:
    """A sign-in whose token ends in as many seconds."""
    now = time.time()
    tokens = Tokens(jwt(sub="ana"), now, now + seconds, "refresh")
    saved.save(name, saved.SignIn(SETTINGS, "https://127.0.0.1:1/t", None, "", tokens))
    return tokens


# --- the saved token


def test_a_saved_token_is_printed_without_slow_imports() -> None:
    """Under 0.3 seconds of processor time: what is imported decides it, and no clock is needed."""
    tokens = signed_in()
    program = (
        "import sys; from claude_bedrock.cli.__main__ import main; main();"
        f"print(*({SLOW!r} & sys.modules.keys()), file=sys.stderr)"
    ).replace(repr(SLOW), repr(set(SLOW)))
    ran = subprocess.run(
        [sys.executable, "-c", program, "token"], capture_output=True, text=True, check=False
    )

    assert (ran.returncode, ran.stdout, ran.stderr.strip()) == (0, f"{tokens.bearer}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--sign-in", "another"], ["--sign-in", "../default"], ["--aws"], ["default"]],
)
def test_anything_else_is_left_to_the_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    signed_in()
    assert print_token(arguments) is False
    assert capsys.readouterr().out == ""


def test_a_token_that_ends_soon_is_not_fresh() -> None:
    assert Tokens("t", 0, 3600, None).is_fresh(3299)
    assert not Tokens("t", 0, 3600, None).is_fresh(3301)
    assert Tokens("t", 0, 60, None).is_fresh(29)
    assert not Tokens("t", 0, 60, None).is_fresh(31)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "You are not signed in. Run `claude-bedrock login`."),
        ("[]", "is not what `claude-bedrock login` writes"),
        ("{", "is not what `claude-bedrock login` writes"),
        ("{}", "is incomplete. Run `claude-bedrock login`."),
        (
            (
                '{"storage": "file", "settings": {"issuer": "", "client_id": "", "audience": ""}, '
                '"token_endpoint": "", "revocation_endpoint": null, "tokens": {"bearer": "t", '
                '"received_at": 0, "expires_at": "never", "refresh_token": null}}'
            ),
            "is incomplete. Run `claude-bedrock login`.",
        ),
        ('{"storage": "no.such.Keyring", "settings": {}}', "keyring does not hand the tokens out"),
    ],
)
def test_without_a_sign_in_it_is_one_line_and_nothing_on_stdout(
    content: str | None, error: str
) -> None:
    if content is not None:
        signed_in()
        saved.file_of("default").write_text(content)
    result = CliRunner().invoke(app, ["token"])

    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
    assert error in result.stderr


def test_a_file_is_never_wider_than_its_owner() -> None:
    before = os.umask(0)
    try:
        signed_in()
    finally:
        os.umask(before)
    file = saved.file_of("default")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)]
    assert modes == [0o600, 0o700]

    file.chmod(0o644)
    with pytest.raises(SignInRequiredError, match="Run `chmod 600"):
        saved.load("default")


@pytest.mark.parametrize("name", ["", "A", "a/b", "..", "a b", "x" * 33])
def test_a_name_that_is_no_file_is_a_wrong_option(name: str) -> None:
    result = CliRunner().invoke(app, ["token", "--sign-in", name])
    assert result.exit_code == 2


# --- claims


@given(st.text())
def test_any_text_has_claims_or_none(text: str) -> None:
    assert claims.read_claims(text) is None
    assert claims.read_claims(f"x.{text}.y") is None


@given(st.dictionaries(st.text(), st.integers() | st.text()))
def test_claims_are_read_as_they_were_written(values: dict[str, int | str]) -> None:
    token = "x." + jwt().split(".")[0] + ".y"
    payload = urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    assert claims.read_claims(token) == {"alg": "none"}
    assert claims.read_claims(f"x.{payload}.y") == values


def answer(**changes: object) -> dict[str, str]:
    values = {"iss": SETTINGS.issuer, "aud": "client", "exp": 1000, "nonce": "n", **changes}
    return {"id_token": jwt(**values), "access_token": "opaque"}


def test_the_id_token_is_chosen_where_it_is_for_the_audience() -> None:
    granted = answer(aud=["other", "client"])
    assert claims.choose(granted, SETTINGS, 0, "n").bearer == granted["id_token"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"nonce": "another"}, "its nonce differs"),
        ({"nonce": None}, "its nonce differs"),
        ({"iss": "https://evil.example.com"}, "issuer is 'https://evil.example.com'"),
        ({"aud": "another"}, "not for the audience 'client', but for 'another'"),
        ({"exp": 0}, "already ended"),
        ({"exp": "never"}, "already ended"),
    ],
)
def test_a_token_of_another_sign_in_is_refused(changes: dict[str, object], error: str) -> None:
    with pytest.raises(ProviderError, match=error):
        claims.choose(answer(**changes), SETTINGS, 1, "n")


# --- the loopback


def get(url: str, **values: str) -> int:
    parts = urlsplit(url)
    assert parts.hostname == "127.0.0.1"
    connection = HTTPConnection(parts.hostname, parts.port or 0)
    connection.request("GET", f"{parts.path}?{urlencode(values)}")
    return connection.getresponse().status


def test_the_loopback_takes_one_answer_and_only_with_the_state() -> None:
    with Loopback(0, "secret") as loopback:
        url = loopback.redirect_uri
        assert get(url, state="wrong", code="1") == 400
        assert get(url, code="2") == 400
        assert get(url.replace("/callback", "/"), state="secret", code="3") == 400
        assert get(url, state="secret", code="4") == 200
        assert get(url, state="secret", code="5") == 400
        assert loopback.wait(1)["code"] == "4"
    with pytest.raises(ConnectionRefusedError):
        get(url, state="secret")


def test_an_unanswered_browser_is_an_error() -> None:
    with Loopback(0, "s") as loopback, pytest.raises(SignInRequiredError, match="--device"):
        loopback.wait(0)


# --- settings of a sign-in


def test_a_stages_token_issuer_names_issuer_and_audience(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = {"issuer": "https://staff.example.com", "audience": "gateway"}
    stage = {"callers": {"token_issuers": {"staff": block}}}
    (home / "cdk.json").write_text(json.dumps({"context": {"stages": {"prod": stage}}}))
    monkeypatch.chdir(home)
    asked = NO_ARGUMENTS._replace(token_issuer="staff", stage="prod", client_id="cli")

    assert choose(asked, None) == Settings("https://staff.example.com", "cli", "gateway")
    with pytest.raises(NoTargetError, match=r"no token issuer 'other'.*, but staff"):
        choose(asked._replace(token_issuer="other"), None)
    with pytest.raises(NoTargetError, match="here has a stage 'dev'"):
        choose(asked._replace(stage="dev"), None)


def test_another_issuer_or_client_inherits_nothing_of_the_last_sign_in() -> None:
    last = SETTINGS._replace(audience="api", scope="openid", port=8080)

    assert choose(NO_ARGUMENTS, last) == last
    assert choose(NO_ARGUMENTS._replace(client_id="b"), last).audience == "b"
    with pytest.raises(NoTargetError, match="Give --client-id"):
        choose(NO_ARGUMENTS._replace(issuer="https://other.example.com"), last)
    with pytest.raises(NoTargetError, match="Nothing says where"):
        choose(NO_ARGUMENTS, None)


# --- identities without a sign-in


def test_a_token_of_github_is_for_the_audience(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.body = b'{"value": "the-token"}'
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{server.url}token?api-version=2.0")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-token")
    result = CliRunner().invoke(app, ["token", "--github", "--audience", "a&b"])

    assert (result.exit_code, result.stdout, result.stderr) == (0, "the-token\n", "")
    assert server.received[0].path == "/stage/token?api-version=2.0&audience=a%26b"
    assert server.received[0].headers["authorization"] == "Bearer request-token"


def test_outside_of_github_it_names_what_the_workflow_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_URL", raising=False)
    result = CliRunner().invoke(app, ["token", "--github", "--audience", "a"])

    assert (result.exit_code, result.stdout) == (1, "")
    assert "id-token: write" in result.stderr


STS = """<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetWebIdentityTokenResult><WebIdentityToken>{}</WebIdentityToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></GetWebIdentityTokenResult>
</GetWebIdentityTokenResponse>"""


def test_a_token_of_aws_is_asked_for_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    server.headers["content-type"] = "text/xml"
    arguments = ["token", "--aws", "--audience", "gateway"]
    for number in ("1", "2"):
        server.body = STS.format(f"token-{number}").encode()
        result = CliRunner().invoke(app, arguments)
        assert (result.exit_code, result.stdout, result.stderr) == (0, "token-1\n", "")

    (asked,) = server.received
    assert b"Action=GetWebIdentityToken" in asked.body
    assert b"Audience.member.1=gateway&SigningAlgorithm=ES384" in asked.body
    assert "/eu-west-1/sts/" in asked.headers["authorization"]
    cached = web_identity.cached("gateway", None)
    assert cached is not None
    assert cached.bearer == "token-1"

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    assert CliRunner().invoke(app, arguments).stdout == "token-2\n"


def test_an_account_that_issues_no_tokens_is_one_line(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    server.status, server.headers["content-type"] = 400, "text/xml"
    server.body = (
        b"<ErrorResponse><Error><Code>OutboundWebIdentityFederationDisabledException</Code>"
        b"<Message>disabled</Message></Error></ErrorResponse>"
    )
    result = CliRunner().invoke(app, ["token", "--aws", "--audience", "a", "--region", "eu-west-1"])

    assert (result.exit_code, result.stdout) == (1, "")
    assert "aws iam enable-outbound-web-identity-federation" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--aws"], ["--github"], ["--aws", "--github"], ["--audience", "a"], ["--region", "x"]],
)
def test_options_that_contradict_are_a_wrong_use(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["token", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")


# --- what others could read


def test_a_token_is_taken_out_of_a_message() -> None:
    assert redact(f"Bearer {jwt(sub='ana')}, and so on") == "Bearer [redacted], and so on"


def test_a_provider_without_tls_is_not_used() -> None:
    with pytest.raises(ProviderError, match="token_endpoint is not an https:// URL"):
        provider._endpoint({"token_endpoint": "http://login.example.com"}, "token_endpoint")


@pytest.mark.parametrize("body", ["[1]", "1", '"text"', "<html>", "", '{"expires_in": "soon"}'])
def test_an_answer_that_is_no_token_is_one_error(server: Server, body: str) -> None:
    server.headers["content-type"] = "application/json"
    server.body = body.encode()
    with pytest.raises(ProviderError):
        grants.by_refresh_token(server.url, SETTINGS, "refresh")


def test_a_lock_is_waited_for(home: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with private_file.lock(home / "x.json"):
            order.append("second")

    with private_file.lock(home / "x.json"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
