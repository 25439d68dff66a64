"""The targets run the same whatever the environment of the shell holds."""

import os
import subprocess
from pathlib import Path

from tools.docs.pages import ROOT

NAMES = ("UV_CACHE_DIR", "npm_config_cache", "JSII_RUNTIME_PACKAGE_CACHE_ROOT", "PYTHONWARNINGS")


def exported(**changes: str) -> list[str]:
    """Return what a command of the Makefile finds in each of NAMES."""
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    ran = subprocess.run(
        [
            "make",
            "--no-print-directory",
            "--eval",
            f"show: ; @printenv {' '.join(NAMES)}; true",
            "show",
        ],
        cwd=ROOT,
        env=environment | changes,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()


def test_caches_move_into_the_folder_where_the_home_cannot_be_written(tmp_path: Path) -> None:
    caches = [f"{ROOT}/.build/cache/{name}" for name in ("npm", "jsii")]
    assert exported(HOME="/dev/null", UV_CACHE_DIR="/mine") == ["/mine", *caches, ""]
    assert exported(HOME=str(tmp_path), PYTHONWARNINGS="error") == [""]


def test_an_interrupted_start_of_the_environment_begins_again() -> None:
    """Without a pip of its own, the pip that PATH has would install into another Python."""
    dry_run = ["make", "--dry-run", "--always-make", ".venv/bin/uv"]
    steps = subprocess.run(dry_run, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "-x .venv/bin/pip || " in steps
    assert ".venv/bin/python -m pip install" in steps
