"""What the commands print and end with, of an endpoint and of an AWS that a test answers for."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from claude_bedrock.cli.main import app
from tests.unit.cli.answers import Server, delta, end, start


@pytest.fixture
def state(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `make local` would have written of a stage that is all played by `server`."""
    for name in ("CLAUDE_BEDROCK_URL", "CLAUDE_BEDROCK_KEY", "CLAUDE_BEDROCK_STAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLAUDE_BEDROCK_MODEL", "claude-haiku-4-5")
    endpoint: dict[str, object] = {
        "stage": "local",
        "region": "us-east-1",
        "url": server.url,
        "ca_bundle": None,
        "aws_endpoint_url": server.url,
        "api_keys": {"default": "the-key"},
        "outputs": {"claude-on-bedrock-local-Gateway": {}},
    }
    (tmp_path / "endpoint.json").write_text(json.dumps(endpoint))
    return str(tmp_path)


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments, input=stdin)
    return result.exit_code, result.stdout, result.stderr


def test_the_answer_is_on_stdout_and_what_it_was_on_stderr(server: Server, state: str) -> None:
    server.body = start("claude-haiku-4-5", input_tokens=1) + delta("Blue") + end(output_tokens=1)

    code, out, err = run("ask", "Why?", "--local-dir", state)

    assert (code, out) == (0, "Blue\n")
    assert err.startswith("request id r1, claude-haiku-4-5 in geography ")
    assert server.received[0].headers["x-api-key"] == "the-key"


@pytest.mark.parametrize(
    ("argument", "piped", "prompt"),
    [
        (("Review this.",), "-old\n+new\n", "-old\n+new\n\nReview this."),
        ((), "Hi\n", "Hi\n"),
        (("-",), "Hi\n", "Hi\n"),
        (("Hi",), None, "Hi"),
        (("Hi",), " \n", "Hi"),
    ],
)
def test_what_is_piped_is_part_of_the_prompt(
    server: Server, state: str, argument: tuple[str, ...], piped: str | None, prompt: str
) -> None:
    server.body = start("claude-haiku-4-5", input_tokens=1) + delta("Blue") + end(output_tokens=1)

    code, _, err = run("ask", *argument, "--local-dir", state, stdin=piped)

    assert code == 0, err
    assert json.loads(server.received[0].body)["messages"][0]["content"] == prompt


def test_the_reply_as_json_is_one_object(server: Server, state: str) -> None:
    server.body = start("claude-haiku-4-5", input_tokens=1) + delta("Bl") + delta("ue") + end()

    code, out, err = run("ask", "Why?", "--json", "--local-dir", state)

    body = json.loads(out)
    assert (code, err, body["text"], body["request_id"]) == (0, "", "Blue", "r1")
    assert set(body) > {"model", "geography", "stop_reason", "usage", "cost_usd"}


@pytest.mark.parametrize(
    ("arguments", "stdin", "error"),
    [
        (("ask", "-"), " \n", "claude-bedrock: Standard input has no prompt"),
        (("ask", "Hi", "--geography", "mars"), None, "claude-bedrock: Unknown --geography 'mars'"),
        (("ask", "Hi", "--pdf", "/nowhere.pdf"), None, "claude-bedrock: /nowhere.pdf cannot be"),
        (("models", "--catalog", "--stage", "dev"), None, "claude-bedrock: --catalog cannot"),
    ],
)
def test_what_cannot_be_sent_is_one_line_and_sends_no_request(
    server: Server, state: str, arguments: tuple[str, ...], stdin: str | None, error: str
) -> None:
    code, out, err = run(*arguments, "--local-dir", state, stdin=stdin)

    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith(error)
    assert not server.received


def test_sync_prints_differences_with_their_rows_and_ends_with_one(
    server: Server, state: str
) -> None:
    server.headers["content-type"] = "application/json"
    server.body = b'{"modelSummaries": [], "inferenceProfileSummaries": []}'

    code, out, err = run("models", "sync", "--local-dir", state)
    assert (code, err) == (1, "")
    assert "claude-haiku-4-5\n  model: callable from us-east-1 → nothing\n" in out
    assert "# claude-haiku-4-5\nlife=Life(retired=True)," in out

    code, out, _ = run("models", "sync", "--json", "--local-dir", state)
    assert code == 1
    body = json.loads(out)
    assert body["region"] == "us-east-1"
    assert {"field", "catalog", "account"} == set(body["items"][0]["changes"][0])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("models", "sync"), "claude-bedrock: AWS answered ListFoundationModels with AccessDenied"),
        (
            ("models", "--json", "sync"),
            "claude-bedrock: Options go after the subcommand: `models sync …`.",
        ),
    ],
)
def test_sync_that_could_not_read_ends_with_two(
    server: Server, state: str, arguments: tuple[str, ...], error: str
) -> None:
    server.status, server.headers["x-amzn-errortype"] = 403, "AccessDeniedException"

    code, out, err = run(*arguments, "--local-dir", state)

    assert (code, len(err.splitlines())) == (2, 1)
    assert out == "" if "--json" not in arguments else "error" in json.loads(out)
    assert err.startswith(error)


def test_sync_with_nothing_up_could_not_read(tmp_path: Path) -> None:
    code, _, err = run("models", "sync", "--local-dir", str(tmp_path))
    assert (code, "make local" in err) == (2, True)


def test_models_of_the_catalog_sends_no_request(server: Server, state: str) -> None:
    code, out, _ = run("models", "--catalog", "--json", "--local-dir", state)

    assert (code, json.loads(out)["items"][0]["name"]) == (0, "claude-sonnet-4-5")
    assert not server.received


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "9999-01-01"])
def test_retention_of_no_day_sends_no_request(server: Server, state: str, day: str) -> None:
    code, out, err = run("retention", "--day", day, "--local-dir", state)

    assert (code, out, server.received) == (2, "", [])
    assert day in err


def test_retention_that_cannot_be_read_ends_with_2(tmp_path: Path) -> None:
    code, out, err = run("retention", "--local-dir", str(tmp_path))

    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "make local" in err
