"""A run that is stopped, however it is stopped, leaves no process and no port behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.leftovers import listening, processes_about

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`python -m local up` on its way: its embedded AWS is up."""
    with subprocess.Popen(
        [sys.executable, "-m", "local", "up", "--local-dir", str(tmp_path)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": "lambda"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


def port_of_aws(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    for line in process.stdout:
        match = re.search(r"✓ start the embedded AWS http://localhost:(\d+)", line)
        if match:
            return int(match[1])
    raise AssertionError("the embedded AWS did not come up")


def has_stopped(port: int, tmp_path: Path) -> bool:
    return not listening(port) and not processes_about(tmp_path)


def wait_until_stopped(port: int, tmp_path: Path) -> None:
    deadline = time.monotonic() + 60
    while not has_stopped(port, tmp_path):
        assert time.monotonic() < deadline, processes_about(tmp_path)
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_starting_stops_everything(
    starting: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    port = port_of_aws(starting)

    starting.send_signal(number)
    output, _ = starting.communicate(timeout=30)

    assert "Traceback" not in output
    assert has_stopped(port, tmp_path)


def test_a_kill_takes_the_embedded_aws_along(
    starting: subprocess.Popen[str], tmp_path: Path
) -> None:
    port = port_of_aws(starting)

    starting.kill()

    wait_until_stopped(port, tmp_path)


def test_a_folder_in_use_is_refused_in_one_line(
    starting: subprocess.Popen[str], tmp_path: Path
) -> None:
    port_of_aws(starting)

    second = subprocess.run(
        [sys.executable, "-m", "local", "up", "--local-dir", str(tmp_path)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": "lambda"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert second.returncode != 0
    assert f"in use by process {starting.pid}" in second.stderr
    assert "Traceback" not in second.stderr


def refused(tmp_path: Path, *options: str) -> str:
    """What a run that does not start says, in one line."""
    tried = subprocess.run(
        [sys.executable, "-m", "local", "up", "--local-dir", str(tmp_path / "state"), *options],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": "lambda"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert tried.returncode != 0
    assert tried.stdout == ""  # nothing was started
    assert not processes_about(tmp_path)
    line = tried.stderr.strip()
    assert "\n" not in line
    return line


def test_an_unknown_stage_fails_before_anything_is_started(tmp_path: Path) -> None:
    assert "has no stage 'prodd'" in refused(tmp_path, "--stage", "prodd")


def test_a_port_that_is_taken_fails_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        assert f"--port {port} cannot be used" in refused(tmp_path, "--port", str(port))
        assert f"--aws-port {port} cannot" in refused(tmp_path, "--aws-port", str(port))


def test_a_stages_file_that_is_no_json_fails_in_one_line(tmp_path: Path) -> None:
    stages_file = tmp_path / "stages.json"
    stages_file.write_text('{\n  "a": {},\n}')

    assert "is no JSON: line " in refused(tmp_path, "--stages-file", str(stages_file))
