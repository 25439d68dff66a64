"""`claude-bedrock login`, `token`, `whoami` and `logout` at a real identity provider."""

import json
import re
import stat
import threading
import webbrowser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from claude_bedrock.cli.main import app
from claude_bedrock.cli.sign_in import claims, current, grants, private_file, saved
from claude_bedrock.cli.sign_in.provider import discover
from tests.identity_provider.server import (
    IdentityProvider,
    identity_provider,
    person_at_browser,
    sign_in,
)

KEYRING = "tests.identity_provider.file_keyring.FileKeyring"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    with identity_provider(tmp_path_factory.mktemp("provider")) as up:
        yield up


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: IdentityProvider) -> Path:
    """A home without sign-ins and without a keyring, which trusts the provider's authority."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("SSL_CERT_FILE", str(provider.ca_bundle))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr("keyring.core._keyring_backend", None)
    return tmp_path


@pytest.fixture(autouse=True)
def person(provider: IdentityProvider) -> Iterator[None]:
    with person_at_browser(provider, "ana"):
        yield


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


def log_in(provider: IdentityProvider, *options: str, client: str = "claude") -> str:
    """Log in, and return what stood on standard error."""
    given = ("login", "--issuer", provider.issuer, "--client-id", client, *options)
    code, out, err = run(*given)
    assert (code, out) == (0, ""), err
    return err


def change(name: str = "default", **values: object) -> None:
    """Change the saved tokens, as time or another machine would."""
    file = saved.file_of(name)
    content = json.loads(file.read_text())
    content["tokens"] |= values
    private_file.write(file, content)


def end_token() -> None:
    change(received_at=0, expires_at=1)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_person_signs_in_and_gets_a_token_and_nothing_else(provider: IdentityProvider) -> None:
    err = log_in(provider)
    code, out, said = run("token")

    assert (code, said) == (0, "")
    token = out.removesuffix("\n")
    named = claims.read_claims(token)
    assert named is not None
    assert (named["iss"], named["aud"]) == (provider.issuer, "claude")
    assert (named["sub"], named["email"]) == ("ana", "ana@example.com")
    file = saved.file_of("default")
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    url = re.search(r"https://\S+/auth\?\S+", err)
    assert url is not None
    assert {"code_challenge_method=S256", f"state={'x' * 43}"} - {
        re.sub(r"^state=.*", f"state={'x' * 43}", part) for part in url[0].split("?")[1].split("&")
    } == set()
    tokens = json.loads(file.read_text())["tokens"]
    assert not [secret for secret in (tokens["bearer"], tokens["refresh_token"]) if secret in err]


def test_whoami_names_the_person(provider: IdentityProvider) -> None:
    log_in(provider)
    code, out, _ = run("whoami", "--json")

    values = json.loads(out)
    assert (code, values["email"], values["storage"]) == (0, "ana@example.com", "file")
    assert values["refreshes"] is True
    assert "email\tana@example.com\n" in run("whoami")[1]


def test_a_token_that_has_ended_is_replaced(provider: IdentityProvider) -> None:
    log_in(provider)
    before = saved.load("default").tokens
    end_token()
    code, out, err = run("token")

    after = saved.load("default").tokens
    assert (code, err, out.strip()) == (0, "", after.bearer)
    assert after.refresh_token != before.refresh_token
    assert after.expires_at >= before.expires_at
    assert mode(saved.file_of("default")) == 0o600


def test_a_native_client_with_a_secret_gets_renews_and_revokes_its_token(
    provider: IdentityProvider,
) -> None:
    code, _, err = run("login", "--issuer", provider.issuer, "--client-id", "with-secret")
    assert (code, "invalid_client" in err) == (2, True), err

    shown = log_in(provider, "--client-secret", "not-confidential", client="with-secret")
    end_token()

    assert run("token")[0] == 0
    assert saved.load("default").tokens.expires_at > 1
    assert run("login")[0] == 0  # again as before
    assert "not-confidential" not in shown + run("whoami", "--json")[1]
    assert mode(saved.file_of("default")) == 0o600
    assert run("logout")[0] == 0, "the provider takes no revocation without the secret"


def test_helpers_that_start_together_refresh_once(provider: IdentityProvider) -> None:
    """The provider ends the sign-in when a refresh token comes a second time."""
    log_in(provider)
    end_token()
    with ThreadPoolExecutor(8) as helpers:
        printed = list(helpers.map(lambda _: current.bearer("default"), range(8)))

    assert len(set(printed)) == 1
    end_token()
    assert run("token")[0] == 0


def test_a_sign_in_that_was_ended_elsewhere_has_to_be_renewed(provider: IdentityProvider) -> None:
    log_in(provider)
    values = json.loads(saved.file_of("default").read_text())
    assert run("logout")[0] == 0
    assert not saved.file_of("default").exists()
    private_file.write(saved.file_of("default"), values)
    assert run("token")[0] == 0  # valid until its end

    end_token()
    code, out, err = run("token")

    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "invalid_grant" in err
    assert err.endswith("Run `claude-bedrock login`.\n")
    log_in(provider)
    assert run("token")[0] == 0


def test_login_without_options_is_as_the_last_time(provider: IdentityProvider) -> None:
    log_in(provider, "--scope", "openid email")
    assert run("login")[0] == 0
    assert saved.load("default").settings.scope == "openid email"


def test_a_device_without_a_browser(provider: IdentityProvider) -> None:
    prompt: dict[str, str] = {}
    waits: list[float] = []

    def wait(seconds: float) -> None:
        """Ana opens the page while the command waits for the second time."""
        waits.append(seconds)
        if len(waits) == 2:
            with provider.browser() as browser:
                page = sign_in(browser, prompt["complete_url"], "ana")
                assert "Sign-in Success" in page.text

    settings = saved.Settings(provider.issuer, "claude", "claude", "openid email")
    at = discover(provider.issuer)
    tokens = grants.by_device(at, settings, prompt.update, sleep=wait)

    named = claims.read_claims(tokens.bearer)
    assert named is not None
    assert (named["email"], tokens.refresh_token is None) == ("ana@example.com", False)
    assert waits == [5, 5]
    assert prompt["url"] == f"{provider.issuer}/device"
    assert prompt["code"] in prompt["complete_url"]


def test_without_a_refresh_token_the_end_is_the_end(provider: IdentityProvider) -> None:
    err = log_in(provider, client="no-refresh")
    assert "gave no refresh token" in err
    end_token()

    code, _, err = run("token")
    assert (code, len(err.splitlines())) == (1, 1)
    assert "no refresh token. Run `claude-bedrock login`." in err


def test_an_access_token_for_the_endpoints_audience_is_chosen(provider: IdentityProvider) -> None:
    api = "https://claude.example.com"
    log_in(provider, "--audience", api, "--resource", api, "--scope", "openid call")

    named = claims.read_claims(run("token")[1].strip())
    assert named is not None
    assert named["aud"] == api
    end_token()
    assert run("token")[0] == 0


def test_tokens_for_another_audience_are_refused(provider: IdentityProvider) -> None:
    code, _, err = run(
        "login", "--issuer", provider.issuer, "--client-id", "claude", "--audience", "another"
    )

    assert code == 2
    assert "not for the audience 'another', but for 'claude'" in err
    assert run("token")[0] == 1


@pytest.mark.parametrize(
    ("options", "code", "error"),
    [
        (("--client-id", "unknown", "--device"), 2, "invalid_client"),
        (("--client-id", "claude", "--issuer", "https://127.0.0.1:1"), 2, "does not answer"),
        (("--client-id", "claude", "--issuer", "http://127.0.0.1"), 2, "begins https://"),
        ((), 2, "Give --client-id"),
    ],
)
def test_what_the_provider_refuses_is_one_line(
    provider: IdentityProvider, options: tuple[str, ...], code: int, error: str
) -> None:
    given, out, err = run("login", "--issuer", provider.issuer, *options)

    assert (given, out, len(err.splitlines())) == (code, "", 1)
    assert error in err


def test_a_refusal_of_the_person_is_one_line(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(url: str) -> bool:
        def drive() -> None:
            with provider.browser() as browser:
                browser.follow_redirects = True
                page = browser.get(url)
                browser.get(f"{page.url}/abort")

        threading.Thread(target=drive).start()
        return True

    monkeypatch.setattr(webbrowser, "open", cancel)
    code, _, err = run("login", "--issuer", provider.issuer, "--client-id", "claude")

    assert code == 1
    assert "access_denied" in err.splitlines()[-1]


def test_a_valid_token_does_while_the_provider_is_down(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(provider)
    values = json.loads(saved.file_of("default").read_text())
    values["token_endpoint"] = "https://127.0.0.1:1/token"
    private_file.write(saved.file_of("default"), values)
    change(received_at=0)  # and so refreshed early
    monkeypatch.setattr("claude_bedrock.cli.sign_in.saved._EARLY_SECONDS", 10**9)

    assert run("token")[0] == 0
    end_token()
    code, _, err = run("token")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "127.0.0.1:1 does not answer" in err


@pytest.mark.parametrize(("limit", "storage"), [("100000", KEYRING), ("100", "file")])
def test_the_keyring_holds_the_tokens_where_it_takes_them(
    provider: IdentityProvider,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    storage: str,
) -> None:
    keyring = home / "keyring.json"
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", KEYRING)
    monkeypatch.setenv("TEST_KEYRING", str(keyring))
    monkeypatch.setenv("TEST_KEYRING_LIMIT", limit)
    log_in(provider)
    file = saved.file_of("default").read_text()

    token = run("token")[1].strip()
    assert (json.loads(file)["storage"], token in file) == (storage, storage == "file")
    assert run("logout")[0] == 0
    assert not keyring.exists() or token not in keyring.read_text()
