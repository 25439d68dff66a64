"""The wheel in an environment of its own, with what it declares and nothing else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.docs.pages import ROOT

IMPORT_ALL = """
import importlib, pkgutil, claude_bedrock
for module in pkgutil.walk_packages(claude_bedrock.__path__, "claude_bedrock."):
    importlib.import_module(module.name)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel with the locked versions, and return the folder of its programs."""
    folder = tmp_path_factory.mktemp("installed")
    copy = folder / "copy"
    shutil.copytree(ROOT / "claude_bedrock", copy / "claude_bedrock")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    run("uv", "build", "--wheel", "--no-build-isolation", "--offline", "--quiet", copy)
    run("uv", "venv", "--quiet", "--python", sys.executable, folder / "environment")
    programs = folder / "environment" / "bin"
    options = ("--quiet", "--python", programs / "python", "--constraint", ROOT / "constraints.txt")
    run("uv", "pip", "install", *options, next(copy.glob("dist/*.whl")))
    return programs


def run(*command: str | Path, cwd: Path | None = None) -> str:
    settings = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    ended = subprocess.run(
        command, cwd=cwd, env=settings, check=True, capture_output=True, text=True
    )
    return ended.stdout


def test_the_installed_command_works_without_the_project(environment: Path, tmp_path: Path) -> None:
    command = environment / "claude-bedrock"
    assert "Send a prompt and stream the reply." in run(command, "--help", cwd=tmp_path)
    models = json.loads(run(command, "models", "--catalog", "--json", cwd=tmp_path))
    assert "claude-haiku-4-5" in json.dumps(models)


def test_every_module_finds_what_it_imports(environment: Path, tmp_path: Path) -> None:
    run(environment / "python", "-c", IMPORT_ALL, cwd=tmp_path)
