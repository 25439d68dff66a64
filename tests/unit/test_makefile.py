"""The targets run the same whatever the environment of the shell holds."""

import os
import subprocess
from pathlib import Path

from tools.docs.pages import ROOT

CACHES = ("UV_CACHE_DIR", "npm_config_cache", "JSII_RUNTIME_PACKAGE_CACHE_ROOT")


def exported(name: str, **changes: str) -> str:
    """Return what a command of the Makefile finds in the variable `name`."""
    environment = {key: value for key, value in os.environ.items() if key not in CACHES}
    print_it = f'--eval=show: ; @printf "%s" "$${{{name}}}"'
    ran = subprocess.run(
        ["make", "--no-print-directory", print_it, "show"],
        cwd=ROOT,
        env=environment | changes,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


def test_caches_move_into_the_folder_where_the_home_cannot_be_written(tmp_path: Path) -> None:
    for name in CACHES:
        assert exported(name, HOME="/dev/null").startswith(f"{ROOT}/.build/cache/")
        assert exported(name, HOME=str(tmp_path)) == ""
        assert exported(name, HOME="/dev/null", **{name: "/elsewhere"}) == "/elsewhere"


def test_warnings_of_pip_and_the_cdk_are_no_errors() -> None:
    assert exported("PYTHONWARNINGS", PYTHONWARNINGS="error") == ""
