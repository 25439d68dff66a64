"""Local mode, up once for all tests that need the deployed endpoint: those here and the clients;
and up again, with a stage of its own, for those that need another."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.integration.deployed.deployment import Deployment, eventually
from tests.integration.leftovers import listening, processes_about

PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with running(tmp_path_factory.mktemp("local")) as up:
        yield up


@contextmanager
def running(state: Path, *options: str) -> Iterator[Deployment]:
    """`python -m local up` in a folder of its own, on free ports; at the end it must stop clean."""
    log = state / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local", "up", "--local-dir", str(state), *options],
            cwd=PROJECT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": "lambda"},
        )

    def written() -> bool:
        assert process.poll() is None, log.read_text()
        return (state / "endpoint.json").exists()

    try:
        eventually(written, 300)
        endpoint = json.loads((state / "endpoint.json").read_text())
        yield Deployment(endpoint, state)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()
        assert "Traceback" not in log.read_text(), log.read_text()
        assert not (state / "endpoint.json").exists()
        assert not processes_about(state)
        urls = [value for name, value in endpoint.items() if name.endswith("url")]
        assert not [url for url in urls if listening(urlsplit(url).port or 0)]
    finally:
        process.kill()
        process.wait()
