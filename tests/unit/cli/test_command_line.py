"""What holds for every command: its Region, its exit code, and that no traceback reaches a user."""

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from claude_bedrock.cli.access import use_case_form
from claude_bedrock.cli.main import CommandLine, app
from claude_bedrock.cli.shared import former_names
from claude_bedrock.cli.shared.conventions import EXAMPLES
from claude_bedrock.cli.shared.errors import DEFECT, INTERRUPTED, NOT_ASSESSED, OUTPUT_CLOSED
from claude_bedrock.cli.shared.lazy_group import LazyGroup
from claude_bedrock.cli.shared.options import DEBUG, one_line_errors
from claude_bedrock.cli.shared.window import MOST_HOURS
from tests.commands import commands as commands_of_a_page
from tests.commands import mistake
from tests.unit.cli.answers import Server, delta, end, start
from tests.unit.cli.command_tree import Command, commands, kind
from tools.docs.pages import ROOT

COMMANDS = commands()
OF_A_STAGE = [
    command for command in COMMANDS if command.option("--stage") and command.option("--region")
]
DENIED = (
    b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
)
HUGE = "99999999999999999999"
TIMES = ("9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def named(command: Command) -> str:
    return " ".join(command.words)


@pytest.fixture
def account(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """An AWS that denies everything, as the account of whoever calls, in an empty folder."""
    unset = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN")
    for name in (*unset, *(f"CLAUDE_BEDROCK_{name}" for name in ("URL", "KEY", "STAGE")), DEBUG):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLAUDE_BEDROCK_MODEL", "claude-haiku-4-5")
    for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": server.url}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    programs = tmp_path / "bin"  # doctor runs the AWS CLI, which takes a second to say its version
    programs.mkdir()
    (programs / "aws").write_text("#!/bin/sh\necho aws-cli/2.31.0\n")
    (programs / "aws").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    server.status, server.body = 403, DENIED
    server.headers = {"content-type": "text/xml", "x-amzn-errortype": "AccessDeniedException"}
    return server


@pytest.fixture
def state(account: Server, tmp_path: Path) -> Path:
    """What `make local` would have written, all of it played by the same server."""
    endpoint: dict[str, object] = {
        "stage": "local",
        "region": "us-east-1",
        "url": account.url,
        "ca_bundle": None,
        "aws_endpoint_url": account.url,
        "api_keys": {"default": "the-key"},
        "outputs": {"claude-on-bedrock-local-Gateway": {}},
    }
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "endpoint.json").write_text(json.dumps(endpoint))
    return folder


@pytest.fixture
def form(tmp_path: Path) -> Path:
    """A use-case form that is fit to be sent, and a file for whatever else needs one."""
    file = tmp_path / "form.json"
    filled = {name: f"Octo {name}" for name in use_case_form.empty()} | {"intendedUsers": "0"}
    file.write_text(json.dumps(filled))
    return file


def run(*arguments: str) -> tuple[int, str]:
    """The exit code, and all that was printed; fails where a traceback would have been."""
    result = CliRunner().invoke(app, arguments)
    raised = result.exception
    assert raised is None or isinstance(raised, SystemExit), (arguments, raised)
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def signing_regions(server: Server) -> set[str]:
    """Those in whose name the server was asked, by the signatures of the requests."""
    results = set()
    for request in server.received:
        scope = re.search(
            r"Credential=[^/]+/\d+/([^/]+)/", request.headers.get("authorization", "")
        )
        assert scope, request
        results.add(scope[1])
    return results


def test_the_commands_of_a_stage_are_all_but_a_few() -> None:
    without = {named(command) for command in COMMANDS} - {named(command) for command in OF_A_STAGE}
    assert without == {
        "access form",
        "cost estimate",
        "models sync",
        "login",
        "logout",
        "token",
        "whoami",
    }


@pytest.mark.parametrize("command", OF_A_STAGE, ids=named)
def test_every_command_finds_the_region_alike(
    account: Server, tmp_path: Path, form: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def regions(*options: str) -> set[str]:
        account.received.clear()
        code, output = run(*command.needed(form), "--stage", "dev", *options)
        assert code in {1, 2}, output
        return signing_regions(account)

    (tmp_path / "AWS_CONFIG_FILE").write_text("[default]\nregion = ca-central-1\n")
    assert regions() == {"ca-central-1"}
    monkeypatch.setenv("AWS_DEFAULT_REGION", "sa-east-1")
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    assert regions() == {"ap-northeast-1"}
    stages = {"dev": {"region": "eu-north-1"}}
    (tmp_path / "cdk.json").write_text(json.dumps({"context": {"stages": stages}}))
    assert regions() == {"eu-north-1"}
    assert regions("--region", "us-west-2") == {"us-west-2"}


@pytest.mark.parametrize("command", OF_A_STAGE, ids=named)
def test_every_command_names_what_is_wrong_with_the_stage(
    account: Server, tmp_path: Path, form: Path, command: Command
) -> None:
    (tmp_path / "cdk.json").write_text('{"context": {"stages": {"dev": {},}}}')

    code, output = run(*command.needed(form), "--stage", "dev")
    assert code in {1, 2}
    assert "cdk.json is not JSON: line 1 column" in " ".join(output.split())
    for unfit in ("", " ", "De/v", "../x"):
        code, output = run(*command.needed(form), "--stage", unfit)
        assert (code, "--stage" in output) == (2, True), output
    code, output = run(*command.needed(form), "--stage", "dev", "--region", "")
    assert (code, "--region" in output) == (2, True)
    assert not account.received


def hostile(parameter: Any) -> tuple[str, ...]:  # noqa: ANN401 - a class of the Click inside Typer
    if kind(parameter) is int:
        return (HUGE, f"-{HUGE}")
    if parameter.opts[0] in {"--since", "--until", "--day", "--month"}:
        return ("0001-01", "9999-12", "9999-12-31", *TIMES)
    if parameter.opts[0] in {"--stage", "--region", "--local-dir", "--url", "--key"}:
        return ()
    return ("", "\x1b[2J\x00")


@pytest.mark.parametrize("command", COMMANDS, ids=named)
def test_no_value_of_an_option_brings_a_command_down(
    state: Path, form: Path, command: Command
) -> None:
    for parameter in command.parameters:
        flag = parameter.param_type_name != "option" or parameter.is_flag
        for value in () if flag else hostile(parameter):
            name = parameter.opts[0]
            arguments = [argument for argument in command.needed(form) if argument != name]
            code, output = run(*arguments, f"{name}={value}", *_state(command, state))
            assert code in {0, 1, 2}, (name, value, output)
            assert "\x1b" not in output or name != "--contains"


def _state(command: Command, folder: Path) -> list[str]:
    return ["--local-dir", str(folder)] if command.option("--local-dir") else []


NUMBERS = [
    (command, parameter.opts[0])
    for command in COMMANDS
    for parameter in command.parameters
    if kind(parameter) is int
]


@pytest.mark.parametrize(("command", "option"), NUMBERS)
def test_every_number_is_bounded_at_the_option(
    state: Path, form: Path, command: Command, option: str, account: Server
) -> None:
    code, output = run(*command.needed(form), option, HUGE, *_state(command, state))

    assert (code, option in output) == (2, True), output
    assert not account.received


BROKEN: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"stage": "local"',
    "other": b'{"stage": "local", "region": "us-east-1", "aws_endpoint_url": "http://127.0.0.1:1"}',
}


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command.option("--local-dir")], ids=named
)
def test_a_broken_state_folder_is_one_line(
    account: Server, tmp_path: Path, form: Path, command: Command
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    for content in BROKEN.values():
        (folder / "endpoint.json").write_bytes(content)
        code, output = run(*command.needed(form), "--local-dir", str(folder))
        assert (code in {1, 2}, "make local" in output, len(output.splitlines())) == (True, True, 1)
    code, output = run(*command.needed(form), "--local-dir", str(form))
    assert (code in {1, 2}, "make local" in output, len(output.splitlines())) == (True, True, 1)
    assert not account.received


@pytest.mark.parametrize("words", [("ask", "Hi"), ("models",)])
@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_certificates_that_do_not_exist_are_one_line(
    state: Path, words: tuple[str, ...], content: bytes | None
) -> None:
    certificates = state / "ca.pem"
    if content is not None:
        certificates.write_bytes(content)
    endpoint = json.loads((state / "endpoint.json").read_text())
    (state / "endpoint.json").write_text(
        json.dumps({**endpoint, "ca_bundle": str(certificates), "url": "https://127.0.0.1:1/x"})
    )

    code, output = run(*words, "--local-dir", str(state))

    assert (code, "ca.pem" in output, "make local" in output) == (1, True, True), output


def test_credentials_that_are_missing_name_the_fix(
    account: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    for words in (("keys", "list"), ("logs", "list"), ("usage",), ("retention",)):
        _, output = run(*words, "--stage", "dev", "--region", "us-east-1")
        assert "aws configure sso" in output
    assert not account.received


def test_what_aws_denies_names_the_role_that_may(account: Server) -> None:
    for words, role in ((("keys", "list"), "operator"), (("logs", "list"), "auditor")):
        _, output = run(*words, "--stage", "dev", "--region", "us-east-1")
        assert f"role `{role}`" in output
    assert account.received


def test_an_answer_that_is_none_of_aws_is_one_line(account: Server) -> None:
    account.status, account.body = 200, b"Log in to the network"

    code, output = run("keys", "list", "--stage", "dev", "--region", "us-east-1")

    assert (code, output.count("\n")) == (1, 1), output


@pytest.mark.parametrize("window", [("--hours", str(MOST_HOURS)), ("--since", "2000-01-01")])
def test_the_longest_window_is_one(state: Path, window: tuple[str, str]) -> None:
    code, output = run("logs", "list", *window, "--local-dir", str(state))

    assert (code, "AccessDenied" in output) == (1, True), output


def broken(error: BaseException, *, inside: bool = False) -> typer.Typer:
    """A command line one of whose commands fails, while it works or while it prints."""
    made = typer.Typer(cls=CommandLine, pretty_exceptions_enable=False)

    @made.command()
    def fails() -> None:
        if inside:
            with one_line_errors(1):
                raise error
        raise error

    @made.command()
    def other() -> None:
        """Two commands make a group."""

    return made


SECRET = "what was said to the model"


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(
    "error", [KeyError(SECRET), AttributeError(SECRET), RecursionError(SECRET)]
)
def test_a_defect_has_an_exit_code_of_its_own_and_quotes_nothing(
    error: Exception, inside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DEBUG, raising=False)
    result = CliRunner().invoke(broken(error, inside=inside), ["fails"])

    assert (result.exit_code, result.stdout) == (DEFECT, "")
    assert DEFECT not in {0, 1, NOT_ASSESSED}
    assert result.stderr.startswith("claude-bedrock: A defect of this program: ")
    assert (result.stderr.count("\n"), SECRET in result.stderr) == (1, False)
    assert f"{DEBUG}=1" in result.stderr


def test_a_defect_is_traced_when_requested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEBUG, "1")
    result = CliRunner().invoke(broken(KeyError("x\x1b[2J")), ["fails"])

    assert (result.exit_code, "Traceback" in result.stderr) == (DEFECT, True)
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (PermissionError(13, "Permission denied", "a/b"), NOT_ASSESSED, "a/b: Permission denied"),
        (OSError(28, "No space left on device"), NOT_ASSESSED, "No space left on device"),
        (OverflowError("date value out of range"), NOT_ASSESSED, "date value out of range"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), NOT_ASSESSED, "utf-8"),
        (KeyboardInterrupt(), INTERRUPTED, ""),
        (BrokenPipeError(), OUTPUT_CLOSED, ""),
    ],
)
def test_an_outside_error_is_one_line_at_most(
    error: BaseException, code: int, expected: str
) -> None:
    result = subprocess_of(error) if isinstance(error, BrokenPipeError) else None
    if result is None:
        done = CliRunner().invoke(broken(error), ["fails"])
        assert (done.exit_code, expected in done.stderr) == (code, True), done.stderr
        assert "Traceback" not in done.output
    else:
        assert (result.returncode, result.stderr) == (code, "")


def subprocess_of(_: BrokenPipeError) -> CompletedProcess[str]:
    """`models --catalog` into a pipe that nobody reads."""
    return into_a_closed_pipe("models", "--catalog")


def into_a_closed_pipe(*arguments: str) -> CompletedProcess[str]:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return process(*arguments, stdout=writer)
    finally:
        os.close(writer)


def test_a_help_into_a_closed_pipe_ends_as_any_other_output() -> None:
    """Rich, which prints it, would end the program with 1: that a command failed."""
    ended = into_a_closed_pipe("--help")
    assert (ended.returncode, ended.stderr) == (141, "")


def process(*arguments: str, stdout: int | None = None, **variables: str) -> CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "claude_bedrock.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "lambda", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_runner_of_tests_raises_what_a_command_does_not_catch() -> None:
    """It would report it as exit code 1, which many a test expects: see tests/conftest.py."""
    made = typer.Typer()

    @made.command()
    def fails() -> None:
        raise KeyError(SECRET)

    with pytest.raises(KeyError, match=SECRET):
        CliRunner().invoke(made, [])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [("models", "--catalog"), ("--help",), ("--version",)])
def test_a_full_disk_is_one_line(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = process(*arguments, stdout=full.fileno())

    assert (done.returncode, done.stderr) == (
        NOT_ASSESSED,
        "claude-bedrock: No space left on device\n",
    )


def test_an_encoding_that_lacks_a_character_stops_nothing() -> None:
    done = process("models", "--catalog", PYTHONIOENCODING="ascii")

    assert (done.returncode, done.stderr) == (0, "")
    assert "Retention" in done.stdout
    assert done.stdout.isascii()


def test_output_that_was_closed_before_the_start_stops_nothing() -> None:
    command = f"{shlex.quote(sys.executable)} -m claude_bedrock.cli models --catalog >&-"
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "lambda"},
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def helps() -> dict[str, str]:
    """What `--help` prints of each command and group, with credentials in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAUDE_BEDROCK_KEY", "the-key-of-somebody")
        patch.setenv("CLAUDE_BEDROCK_URL", "https://ann:password@x")
        printed = {words: run(*words.split(), "--help") for words in EXAMPLES}
    assert {code for code, _ in printed.values()} == {0}
    return {words: output for words, (_, output) in printed.items()}


def test_help_shows_no_credential_of_the_environment(helps: dict[str, str]) -> None:
    assert helps.keys() >= {named(command) for command in COMMANDS}
    for output in helps.values():
        assert "the-key-of-somebody" not in output
        assert "password" not in output


def test_help_has_a_short_option(helps: dict[str, str]) -> None:
    assert all(re.search(r"--help +-h\b", output) for output in helps.values())
    assert run("keys", "list", "-h") == (0, helps["keys list"])


def output_of(program: str) -> list[str]:
    """The lines that the program prints in a Python of its own, which has imported nothing yet."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "lambda"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_help_imports_no_command() -> None:
    heavy = {"boto3", "botocore", "duckdb", "httpx2", "jinja2", "pygal"}
    program = (
        "import sys\nfrom claude_bedrock.cli.main import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print(sorted({heavy} & set(sys.modules)), "
        "[name for name in sys.modules"
        " if name.startswith('claude_bedrock.cli.') and '.shared' not in name])"
    )
    assert output_of(program)[-1] == "[] ['claude_bedrock.cli.main']"


def test_the_help_of_a_command_imports_no_aws_sdk() -> None:
    """boto3 takes a third of a second to import, DuckDB as long: a help needs neither."""
    heavy = {"boto3", "botocore.auth", "botocore.session", "duckdb"}
    program = (
        "import sys\nfrom typer.testing import CliRunner\n"
        "from claude_bedrock.cli.main import app\n"
        "from tests.unit.cli.command_tree import commands\n"
        "known = commands()\n"  # each is imported now, and rendering it takes the same modules
        "assert CliRunner().invoke(app, [*known[0].words, '--help']).exit_code == 0\n"
        f"print(len(known), sorted({heavy} & set(sys.modules)))"
    )
    assert output_of(program) == [f"{len(COMMANDS)} []"]


def test_the_list_of_commands_matches_the_help_of_each() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, LazyGroup)
    for name, entry in group.table.items():
        assert (group.commands[name].help or "").splitlines()[0] == entry.summary
    assert run("keyz")[1].count("'keys'") == 1


@pytest.mark.parametrize(
    ("former", "new"),
    [
        *((f"{name} {old} x", new) for (name, old), new in former_names.OPTIONS.items()),
        ("doctor --state=x", "--local-dir"),
        ("access guard --as scp", "claude-bedrock policy print"),
    ],
)
def test_a_former_name_is_one_line_that_names_the_new_one(former: str, new: str) -> None:
    code, output = run(*former.split())

    assert (code, output.count("\n"), new in output) == (2, 1, True), output
    words = [word for word in former.partition(" -")[0].split() if word != "guard"]
    old = next(word for word in former.split() if word == "guard" or word.startswith("--"))
    assert f"{old.partition('=')[0]} " not in run(*words, "--help")[1]


def test_a_misspelled_option_is_still_reported_as_such() -> None:
    assert run("keys", "revoke", "x", "--olt")[0] == 2
    assert "--olt" in run("keys", "revoke", "x", "--olt")[1]


def test_every_help_has_an_example_that_is_a_command(helps: dict[str, str]) -> None:
    groups = {command.words[:1] for command in COMMANDS if len(command.words) > 1}
    known = {" ".join(words) for words in ((), *groups, *(command.words for command in COMMANDS))}
    assert set(EXAMPLES) == known, "EXAMPLES is in claude_bedrock/cli/shared/conventions.py"
    for words, examples in EXAMPLES.items():
        for example in examples:
            command_text = example[example.index("claude-bedrock") :].removesuffix(')"')
            (command_words,) = commands_of_a_page(f"```bash\n{command_text}\n```")
            assert (mistake(command_words), words in " ".join(command_words)) == ("", True), example
            assert "".join(example.split()) in "".join(helps[words].split())


@pytest.mark.parametrize("command", COMMANDS, ids=named)
def test_shared_options_come_last_and_in_one_order(command: Command) -> None:
    shared = ["stage", "region", "profile", "url", "key", "iam", "as_json", "local_dir"]
    names = [parameter.name for parameter in command.parameters if parameter.name != "help"]
    used = [name for name in shared if name in names]
    assert names[len(names) - len(used) :] == used
    assert ("region" in names) == ("profile" in names)


def test_a_profile_beats_the_credentials_of_the_environment(
    account: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "")
    (tmp_path / "AWS_SHARED_CREDENTIALS_FILE").write_text(
        "[other]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = x\n"
    )
    stage = ("keys", "list", "--stage", "dev", "--region", "us-east-1")

    run(*stage, "--profile", "other")

    assert "Credential=AKIDOTHER/" in account.received[0].headers["authorization"]
    code, output = run(*stage, "--profile", "nowhere")
    assert (code, "aws configure list-profiles" in output) == (1, True)


def test_the_command_line_beats_the_stage_and_url_of_the_environment(
    state: Path, account: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_BEDROCK_STAGE", "dev")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    run("keys", "list")
    assert signing_regions(account) == {"eu-north-1"}
    account.received.clear()
    run("keys", "list", "--local-dir", str(state))
    assert signing_regions(account) == {"us-east-1"}
    assert run("models", "--catalog")[0] == 0
    monkeypatch.setenv("CLAUDE_BEDROCK_URL", account.url)
    account.received.clear()
    run("models", "--stage", "prod", "--region", "us-west-2")
    assert signing_regions(account) == {"us-west-2"}


def test_completion_is_offered_for_every_shell() -> None:
    code, output = run("--help")
    assert (code, "--install-completion" in output, "--show-completion" in output) == (
        0,
        True,
        True,
    )


def test_the_version_is_printed() -> None:
    assert run("--version") == (0, f"claude-bedrock {version('claude-on-bedrock')}\n")


def test_a_path_that_cannot_be_written_is_reported_before_any_request(
    state: Path, form: Path, account: Server
) -> None:
    below = form / "sub"
    for words in (
        ("audit", "--out", str(below)),
        ("usage", "--out", str(below / "page.html")),
        ("usage", "--out", str(form.parent)),
        ("usage", "--sync", str(below)),
    ):
        code, output = run(*words, "--local-dir", str(state))
        assert (code, output.count("\n")) == (2, 1), output
        assert "Name another" in output or "Name a file" in output
    assert not account.received


def test_an_answer_cannot_move_the_cursor_of_a_terminal(server: Server) -> None:
    server.body = start("claude-haiku-4-5") + delta("sky\x1b[2J\x1b]0;PWNED\x07 blue") + end()
    arguments = ("ask", "Hi", "--model", "claude-haiku-4-5", "--url", server.url, "--key", "k")
    terminal, end_of_process = pty.openpty()
    try:
        done = process(*arguments, stdout=end_of_process)
        shown = os.read(terminal, 10_000).decode()
    finally:
        os.close(terminal)
        os.close(end_of_process)

    assert done.returncode == 0, done.stderr
    assert "sky␛[2J␛]0;PWNED␇ blue" in shown
    assert "\x1b" not in shown
    piped = CliRunner().invoke(app, arguments)
    assert piped.stdout == "sky\x1b[2J\x1b]0;PWNED\x07 blue\n"
