"""`claude-bedrock setup claude-code`: what it writes, what it keeps, and what it refuses."""

import json
import shlex
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from claude_bedrock.cli.env.client_environment import Access
from claude_bedrock.cli.main import app
from claude_bedrock.cli.setup import claude_code

URL = "https://x.execute-api.eu-west-1.amazonaws.com/prod"
ACCESS = Access("prod", "eu-west-1", URL, takes_keys=True, key=None, ca_bundle=None)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
WRITTEN = {
    "ANTHROPIC_BASE_URL",
    "CLAUDE_CODE_API_KEY_HELPER_TTL_MS",
    "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY",
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_BEDROCK_STAGE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / ".claude" / "settings.json"


def run(file: Path, *options: str) -> tuple[int, str, str]:
    arguments = ["setup", "claude-code", "--url", f"{URL}/", "--settings", str(file), *options]
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_new_settings_call_the_endpoint_with_the_helper(file: Path) -> None:
    code, out, err = run(file, "--yes", "--sign-in", "work", "--helper-seconds", "60")

    settings = json.loads(file.read_text())
    assert (code, err) == (0, f"{file} is written.\n")
    program, *words = shlex.split(settings["apiKeyHelper"])
    assert Path(program).is_absolute()
    assert Path(program).name == "claude-bedrock"
    assert words == ["token", "--sign-in", "work"]
    assert settings["env"] == {
        "ANTHROPIC_BASE_URL": URL,
        "CLAUDE_CODE_API_KEY_HELPER_TTL_MS": "60000",
        "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY": "1",
    }
    assert f'+    "ANTHROPIC_BASE_URL": "{URL}",' in out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    assert run(file, "--sign-in", "work", "--helper-seconds", "60")[2].endswith("should be.\n")


@given(st.dictionaries(st.text(), JSON), st.dictionaries(st.text(), st.text()))
def test_every_other_setting_stays(others: dict[str, object], environment: dict[str, str]) -> None:
    before = {**others, "env": environment}
    after = claude_code.changed(before, ACCESS, "helper", 300)

    assert {name: after[name] for name in others if name not in {"env", "apiKeyHelper"}} == {
        name: value for name, value in others.items() if name not in {"env", "apiKeyHelper"}
    }
    kept = {name: value for name, value in environment.items() if name not in WRITTEN}
    assert kept.items() <= after["env"].items()
    assert after["env"].keys() - environment.keys() <= WRITTEN
    assert claude_code.changed(after, ACCESS, "helper", 300) == after


@pytest.mark.parametrize("content", ["{", "[]", '{"env": []}', "\xff", '// c\n{"a": 1}'])
def test_a_file_that_is_not_settings_stays_as_it_is(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_bytes(content.encode("latin-1"))
    code, out, err = run(file, "--yes")

    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert str(file) in err
    assert file.read_bytes() == content.encode("latin-1")


def test_without_a_yes_nothing_is_written(file: Path) -> None:
    code, out, err = run(file)

    assert (code, file.exists()) == (1, False)
    assert "+++ after" in out
    assert "Give --yes" in err


def test_a_link_stays_one_and_the_mode_of_its_file(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text('{"model": "opus"}')
    real.chmod(0o640)
    file.parent.mkdir()
    file.symlink_to(real)

    assert run(file, "--yes")[0] == 0
    assert file.is_symlink()
    assert json.loads(real.read_text())["model"] == "opus"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_key_that_goes_before_the_token_is_named_and_not_printed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.parent.mkdir()
    file.write_text('{"env": {"ANTHROPIC_AUTH_TOKEN": "the-secret"}}')
    monkeypatch.setenv("ANTHROPIC_API_KEY", "another-secret")
    code, out, err = run(file, "--yes")

    assert code == 0
    assert "uses env.ANTHROPIC_AUTH_TOKEN instead" in err
    assert "uses $ANTHROPIC_API_KEY instead" in err
    assert "secret" not in out + err


def test_tokens_of_aws_need_their_audience(file: Path) -> None:
    assert run(file, "--yes", "--aws")[0] == 2
    assert run(file, "--yes", "--aws", "--audience", "a b")[0] == 0
    helper = json.loads(file.read_text())["apiKeyHelper"]
    assert shlex.split(helper)[1:] == ["token", "--aws", "--audience", "a b"]
